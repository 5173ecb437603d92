"""What became of rows: how two versions differ, which change followed which, and one client's history."""
