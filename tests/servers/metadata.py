"""What servers make of metadata."""
