"""JupyterLab for this repository; `make lab` puts this folder on the config path."""

from pathlib import Path

root = Path(__file__).resolve().parent.parent
start = "notebooks/00_start_here.ipynb"

c = get_config()  # noqa: F821  (JupyterLab defines it)
# The whole repository is visible, whatever folder the command was typed in.
c.ServerApp.root_dir = str(root)
c.LabApp.default_url = f"/lab/tree/{start}" if (root / start).exists() else "/lab"
# Ctrl-C stops at once. JupyterLab saves notebooks as you work.
c.ServerApp.answer_yes = True
# One quiet screen: the address to open, then nothing but warnings.
c.ServerApp.log_level = "WARN"
c.LanguageServerManager.autodetect = False
