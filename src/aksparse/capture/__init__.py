"""What was recorded on a node, and how it is read from directories, archives and other tools' dumps.

- `model`: a capture, its evidence, and what its manifest says.
- `manifest`, `text`: how a manifest (`capture.toml`), and the text of any file, are read.
- `load`: captures from whatever is given.
- `archive`, `members`: archives, those within them too, and their files.
- `layouts`, `layouts.toml`: where other tools' dumps keep which output.
- `collect.sh`: the script that records a node.
"""

from aksparse.capture.load import load_capture, load_captures
from aksparse.capture.model import Capture, Manifest, NetworkSettings

__all__ = ["Capture", "Manifest", "NetworkSettings", "load_capture", "load_captures"]
