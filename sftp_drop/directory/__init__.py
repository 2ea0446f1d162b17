"""Watched directories: partners' folders that a site's own SFTP server fills and empties. See README.md."""
