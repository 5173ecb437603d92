"""The files of a book kept safe: put in place together, written anew, saved, put back, under new keys."""
