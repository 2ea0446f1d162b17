"""Partners' own servers: the other side of the door, which we call. Only `link` imports paramiko."""
