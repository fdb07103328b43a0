"""Files and folders: read within limits, written whole or not at all."""
