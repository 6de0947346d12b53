import pickle
import shutil
import zipfile

import numpy as np
import pytest

from tsn_plugin.readers import VideoReadError, open_frames
from tsn_plugin.readers.frame_archive import ArchiveWriter, FrameArchive


@pytest.fixture
def folder(tmp_path, make_frame_folder):
    return make_frame_folder(tmp_path / "a clip #1 (é)", num_frames=5)


def pack(folder):
    """The folder's files in an archive beside it; the folder is removed."""
    path = folder.with_name(folder.name + ".zip")
    writer = ArchiveWriter(path)
    for file in sorted(folder.iterdir()):
        writer.write(file.name, file.read_bytes())
    writer.close()
    shutil.rmtree(folder)
    return path


def zip_with(folder, compression):
    path = folder.with_name(folder.name + ".zip")
    with zipfile.ZipFile(path, "w", compression) as archive:
        for file in sorted(folder.iterdir()):
            archive.write(file, file.name)
    shutil.rmtree(folder)
    return path


@pytest.mark.parametrize("packed", [pack, lambda folder: zip_with(folder, zipfile.ZIP_STORED)])
@pytest.mark.parametrize("modality", ["RGB", "Flow"])
def test_an_archive_gives_the_frames_of_the_folder(folder, packed, modality):
    expected = open_frames(folder, modality=modality).read([4, 0, 0, 2])
    path = packed(folder)
    for name in (folder, path):
        reader = open_frames(name, modality=modality)
        assert len(reader) == 5
        np.testing.assert_array_equal(reader.read([4, 0, 0, 2]), expected)


def test_any_zip_tool_opens_it(folder):
    names = {file.name for file in folder.iterdir()}
    with zipfile.ZipFile(pack(folder)) as archive:
        assert archive.testzip() is None
        assert set(archive.namelist()) == names | {"index.json"}
        assert {info.compress_type for info in archive.infolist()} == {zipfile.ZIP_STORED}


def test_equal_files_make_equal_archives(folder, tmp_path):
    other = shutil.copytree(folder, tmp_path / "other")
    assert pack(folder).read_bytes() == pack(other).read_bytes()


def test_a_folder_is_preferred_to_an_archive_of_its_name(folder):
    kept = shutil.copytree(folder, folder.with_name("kept"))
    pack(folder)
    shutil.move(kept, folder)
    (folder / "img_00005.jpg").unlink()
    assert len(open_frames(folder)) == 4


def test_a_reader_travels_between_processes(folder):
    pack(folder)
    reader = open_frames(folder)
    reader.read([0])
    np.testing.assert_array_equal(pickle.loads(pickle.dumps(reader)).read([1]), open_frames(folder).read([1]))


def test_missing_frames_are_told_with_the_remedy(folder):
    path = pack(folder)
    message = r"\.zip/img_00006\.jpg does not exist: the archive holds 5 frames .* Mend the number of frames"
    with pytest.raises(FileNotFoundError, match=message):
        open_frames(folder).read_numbers([6])
    with pytest.raises(FileNotFoundError, match="img_00006.jpg is not in"):
        FrameArchive(path).read("img_00006.jpg")


@pytest.mark.parametrize("length", [0, 100, -1, -30])
def test_a_truncated_archive_is_named(folder, length):
    path = pack(folder)
    path.write_bytes(path.read_bytes()[:length])
    with pytest.raises(VideoReadError, match=r"\.zip cannot be read as an archive of frames .* extract it again"):
        open_frames(folder).read([0])


def test_an_index_that_points_beyond_the_file_is_refused(folder):
    path = pack(folder)
    content = path.read_bytes()
    place = content.rindex(b"tsn-index ")
    path.write_bytes(content[:place] + b"tsn-index 99999999999 10")
    with pytest.raises(VideoReadError, match="it is truncated"):
        FrameArchive(path).names()


def test_a_compressed_archive_is_refused(folder):
    zip_with(folder, zipfile.ZIP_DEFLATED)
    with pytest.raises(VideoReadError, match=r"flow_x_00001\.jpg in it is compressed: pack it again with zip -0"):
        open_frames(folder).read([0])
