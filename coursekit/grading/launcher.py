"""What Jupyter starts as the kernel: it asks the zygote for one and waits.

Small on purpose: it runs once for each kernel and imports the standard library only.
When Jupyter kills it, its connection closes, and the zygote's supervisor ends the
kernel. Arguments: the connection file.
"""

import json
import os
import socket
import struct
import sys


def main() -> None:
    """Hand the request over, then wait until the other side closes."""
    request = {
        "connection_file": sys.argv[1],
        "blank": os.environ.get("COURSEKIT_GRADE_BLANK", ""),
        "ending": os.environ["COURSEKIT_GRADE_ENDING"],
    }
    message = json.dumps(request).encode()
    with socket.socket(socket.AF_UNIX, socket.SOCK_STREAM) as connection:
        connection.connect(os.environ["COURSEKIT_GRADE_SOCKET"])
        connection.sendall(struct.pack(">I", len(message)) + message)
        while connection.recv(64):
            pass


if __name__ == "__main__":
    main()
