"""The files of a book kept safe: written anew, saved, put back, brought up to date, under new keys."""
