"""Files of every kind that we parse ourselves, with changed bytes: only the documented errors, no crash, no hang."""

import json
import os
import pickle
import warnings
from collections import Counter

import cv2
import numpy as np
import pytest
import torch

from tsn_plugin.evaluation.journal import read_journal
from tsn_plugin.evaluation.proposal_score_files import (
    load_proposal_scores,
    load_tick_scores,
    save_proposal_scores,
    save_tick_scores,
)
from tsn_plugin.evaluation.score_files import load_scores, save_scores
from tsn_plugin.models.weights.files import read_weights
from tsn_plugin.proposals.databases import read_database
from tsn_plugin.proposals.proposal_files import format_proposals, read_proposals
from tsn_plugin.readers import VideoReadError, open_frames
from tsn_plugin.readers.frame_archive import ArchiveWriter
from tsn_plugin.structures.list_lines import read_lines
from tsn_plugin.structures.proposals import ProposalScores, VideoProposals
from tsn_plugin.structures.scores import ClassScores

MUTATIONS = int(os.environ.get("TSN_MUTATIONS", 100))  # of each file
RNG = np.random.default_rng(0)
SCORES = ClassScores(("a/1", "b/2"), RNG.normal(size=(2, 4)), np.array([1, 0]))
VIEWS = ClassScores(("a", "b"), RNG.normal(size=(2, 4)), np.array([1, 0]), RNG.normal(size=(2, 6, 4)), num_crops=2)
ONE = ProposalScores("v", np.zeros((2, 2)), np.zeros((2, 4)), np.zeros((2, 3)), np.zeros((2, 3, 2)))
DATABASE = {"database": {"v": {"duration": 3.0, "annotations": [{"segment": [0, 1], "label": "x"}]}}}


def write_original_pickle(path):
    content = {b"v": (ONE.proposals, ONE.activity, ONE.completeness, ONE.regression)}
    path.write_bytes(pickle.dumps(content, protocol=2))


def write_archive(path):
    writer = ArchiveWriter(path)
    for number in range(1, 4):
        writer.write(f"img_{number:05d}.jpg", cv2.imencode(".jpg", np.full((16, 16, 3), number, np.uint8))[1].tobytes())
    writer.close()


def write_image(folder):
    cv2.imwrite(str(folder), np.full((16, 16, 3), 9, np.uint8))


def write_caffemodel(path):
    blob = b"\x3a\x03\x0a\x01\x02" + b"\x2a\x08" + np.float32([1, -2]).tobytes()
    layer = b"\x0a\x01a" + b"\x12\x0cInnerProduct" + b"\x3a" + bytes([len(blob)]) + blob
    path.write_bytes(b"\xa2\x06" + bytes([len(layer)]) + layer)


def write_proposals(path):
    content = np.array([[3, 50]]), np.array([1]), np.array([[2, 60]]), np.array([1]), np.ones(1), np.ones(1)
    path.write_text(format_proposals([VideoProposals(name, 100, *content) for name in "vw"]))


def read_images(path):
    with open_frames(path.parent, template="img_{:05d}" + path.suffix, start=1) as reader:
        return reader.read_numbers([1])


#: name of the file, its writer, its reader
FILES = {
    "scores.npz": (lambda path: save_scores(path, VIEWS), load_scores),
    "originals.npz": (lambda path: save_scores(path, VIEWS, layout="tsn"), load_scores),
    "scores.pkl": (lambda path: save_scores(path, SCORES), load_scores),
    "scores.json": (
        lambda path: save_scores(path, SCORES),
        lambda path: load_scores(path, names_from=path.with_name("names.txt")),
    ),
    "proposals.npz": (lambda path: save_proposal_scores(path, [ONE]), load_proposal_scores),
    "proposals.pkl": (write_original_pickle, load_proposal_scores),
    "ticks.npz": (lambda path: save_tick_scores(path, {"v": np.zeros((3, 2))}), load_tick_scores),
    "frames.zip": (write_archive, lambda path: open_frames(path).read_numbers([1, 2, 3])),
    "img_00001.png": (write_image, read_images),
    "img_00001.jpg": (write_image, read_images),
    "net.caffemodel": (write_caffemodel, read_weights),
    "net.pth": (lambda path: torch.save({"state_dict": {"w": torch.ones(3)}}, path), read_weights),
    "part.pt": (lambda path: torch.save([{"video_name": "v"}], path), lambda path: read_journal(path.parent)),
    "proposals.txt": (write_proposals, read_proposals),
    "list.txt": (lambda path: path.write_text("a/b 120 5\nc d\t3\t7\n"), lambda path: list(read_lines(path))),
    "database.json": (lambda path: path.write_text(json.dumps(DATABASE)), read_database),
}
#: the documented errors; FileNotFoundError: changed bytes may name another frame
DOCUMENTED = (ValueError, VideoReadError, FileNotFoundError)


def outcomes(folder, name, mutated):
    write, read = FILES[name]
    path = folder / name
    (folder / "names.txt").write_text("a\nb\n")
    write(path)
    read(path)
    data, rng, counts = path.read_bytes(), np.random.default_rng(1), Counter()
    for _ in range(MUTATIONS):
        path.write_bytes(mutated(data, rng))
        counts[outcome(read, path)] += 1
    return counts


def outcome(read, path):
    try:
        read(path)
    except DOCUMENTED as error:
        return "refused" if path.parent.name in str(error) else f"without a name: {error}"
    return "read"


@pytest.mark.parametrize("name", FILES)
def test_changed_bytes_are_read_or_refused(tmp_path, child, mutated, name):
    def fuzz():
        warnings.simplefilter("ignore")
        counts = outcomes(tmp_path, name, mutated)
        assert set(counts) <= {"read", "refused"}, counts
        assert counts["refused"] > MUTATIONS / 20, counts

    process = child(fuzz)  # a crash would end the child only
    assert process.end() == 0, process.output()
