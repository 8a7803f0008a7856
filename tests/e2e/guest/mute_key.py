"""Another program's virtual key, one that answers nothing: makes a FIDO device by /dev/uhid and keeps it until it is ended."""

import os
import struct
import sys

UHID_CREATE2, BUS_USB = 11, 3  # linux/uhid.h, linux/input.h
FIDO_DESCRIPTOR = bytes.fromhex("06d0f10901a1010920150026ff007508954081020921150026ff00750895409102c0")

uhid = os.open("/dev/uhid", os.O_RDWR)
os.write(
    uhid,
    struct.pack(
        "<I128s64s64sHHIIII4096s", UHID_CREATE2, b"Mute Key", b"mute", b"M1", len(FIDO_DESCRIPTOR), BUS_USB, 0x15D9, 0x0A37, 1, 0, FIDO_DESCRIPTOR
    ),
)
print("ready: mute", flush=True)
sys.stdout.close()
while os.read(uhid, 8192):
    pass
