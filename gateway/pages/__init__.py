"""Pages a person opens from a file: self-contained HTML, complete without JavaScript, for a screen and for paper."""
