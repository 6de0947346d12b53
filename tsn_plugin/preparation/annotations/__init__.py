"""Who is in a data set: the authors' own files, one module per format, and the table of the data sets."""
