"""Plays a session of dlearn in a pseudo-terminal, on a real engine, and draws it as an animated SVG.

usage: film.py DLEARN DOCKER OUT.svg

Nothing in it is written by hand: what the pictures show is what dlearn wrote to the terminal.
"""

import os
import pty
import select
import shutil
import signal
import struct
import subprocess
import sys
import tempfile
import termios
import time
from fcntl import ioctl
from html import escape
from pathlib import Path

import pyte

COLUMNS, ROWS = 80, 24
CELL, LINE, MARGIN = 8.4, 19, 14
PATIENCE = 180  # seconds for one picture: a first check builds
COLOURS = {
    "black": "#1d2021", "red": "#fb4934", "green": "#8ec07c", "brown": "#fabd2f", "yellow": "#fabd2f",
    "blue": "#83a598", "magenta": "#d3869b", "cyan": "#7fc8c2", "white": "#d5c4a1", "brightblack": "#a89984",
    "default": "#ebdbb2",
}
GROUND = "#1d2021"
IMAGE = "n02/shop:v1"


class Terminal:
    """dlearn at a terminal of its own."""

    def __init__(self, command, environment):
        self.screen = pyte.Screen(COLUMNS, ROWS)
        self.stream = pyte.ByteStream(self.screen)
        self.child, self.master = pty.fork()
        if self.child == 0:
            os.execvpe(command[0], command, environment)
        ioctl(self.master, termios.TIOCSWINSZ, struct.pack("HHHH", ROWS, COLUMNS, 0, 0))

    def read(self, seconds):
        """Takes in what comes within this time; whether anything did."""
        ready, _, _ = select.select([self.master], [], [], seconds)
        if not ready:
            return False
        try:
            self.stream.feed(os.read(self.master, 65536))
        except OSError:
            return False
        return True

    def shows(self, text, without=()):
        """Waits until the screen shows this text, and none of the others."""
        until = time.monotonic() + PATIENCE
        while time.monotonic() < until:
            self.read(0.1)
            shown = "\n".join(self.screen.display)
            if text in shown and not any(other in shown for other in without):
                while self.read(0.3):
                    pass
                return
        sys.exit(f"film: the screen never showed {text!r}:\n" + "\n".join(self.screen.display))

    def press(self, keys):
        os.write(self.master, keys.encode())

    def picture(self):
        """Rows of runs: (column, text, colour, bold, dim)."""
        rows = []
        for number in range(ROWS):
            runs, cells = [], self.screen.buffer[number]
            for column in range(COLUMNS):
                cell = cells[column]
                fore = cell.bg if cell.reverse and cell.bg != "default" else cell.fg
                style = (fore, cell.bold, cell.reverse)
                if runs and runs[-1][2] == style and runs[-1][0] + len(runs[-1][1]) == column:
                    runs[-1][1] += cell.data
                else:
                    runs.append([column, cell.data, style])
            rows.append([(at, text.rstrip() if not style[2] else text, style) for at, text, style in runs if text.strip()])
        return rows

    def leave(self):
        try:
            os.kill(self.child, signal.SIGTERM)
            os.waitpid(self.child, 0)
        except (ProcessLookupError, ChildProcessError):
            pass


def colour(name):
    if name in COLOURS:
        return COLOURS[name]
    return f"#{name}" if len(name) == 6 else COLOURS["default"]


def drawn(row):
    texts = []
    for at, text, (fore, bold, reverse) in row:
        weight = ' font-weight="bold"' if bold else ""
        width = len(text) * CELL
        if reverse:
            texts.append(f'<rect x="{at * CELL:.1f}" y="-14" width="{width:.1f}" height="{LINE}" fill="{colour(fore)}"/>')
        fill = GROUND if reverse else colour(fore)
        texts.append(
            f'<text x="{at * CELL:.1f}" textLength="{width:.1f}" fill="{fill}"{weight}>{escape(text)}</text>'
        )
    return "".join(texts)


def film(frames, path):
    """One picture after another, for ever; the last alone where motion is not wanted."""
    rows, groups, at, whole = {}, [], 0.0, sum(seconds for _, seconds in frames)
    rules = []
    for number, (picture, seconds) in enumerate(frames):
        uses = []
        for index, row in enumerate(picture):
            if row:
                name = rows.setdefault(drawn(row), f"r{len(rows)}")
                uses.append(f'<use href="#{name}" y="{MARGIN + 28 + index * LINE}"/>')
        groups.append(f'<g id="f{number}" class="frame">{"".join(uses)}</g>')
        begin, end = at / whole * 100, (at + seconds) / whole * 100
        rules.append(
            f"@keyframes k{number}{{0%{{opacity:0}}{begin:.3f}%{{opacity:1}}{end:.3f}%{{opacity:0}}100%{{opacity:0}}}}"
            f"#f{number}{{animation:k{number} {whole:.1f}s step-end infinite}}"
        )
        at += seconds
    width, height = COLUMNS * CELL + 2 * MARGIN, ROWS * LINE + 2 * MARGIN + 22
    symbols = "".join(f'<g id="{name}">{text}</g>' for text, name in rows.items())
    still = f"@media(prefers-reduced-motion:reduce){{.frame{{animation:none!important;opacity:0}}#f{len(frames) - 1}{{opacity:1}}}}"
    dots = "".join(f'<circle cx="{MARGIN + 6 + 18 * i}" cy="16" r="5.5" fill="#504945"/>' for i in range(3))
    path.write_text(
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {width:.0f} {height}" width="{width:.0f}" height="{height}" '
        f'role="img" aria-labelledby="t"><title id="t">A session of dlearn in a terminal: a lesson, a question, an '
        f"exercise that fails, a hint, and its pass</title><style>.frame{{opacity:0}}text{{white-space:pre;"
        f"font:14px ui-monospace,SFMono-Regular,Menlo,Consolas,'DejaVu Sans Mono',monospace}}{''.join(rules)}{still}</style>"
        f'<rect width="100%" height="100%" rx="8" fill="{GROUND}"/>{dots}<defs>{symbols}</defs>'
        f'<g transform="translate({MARGIN} 0)">{"".join(groups)}</g></svg>\n'
    )


def main(dlearn, docker, out):
    home = Path(tempfile.mkdtemp(prefix="dlearn-film-"))
    environment = {
        "HOME": str(home), "PATH": os.environ["PATH"], "TERM": "xterm-256color", "COLORTERM": "truecolor",
        "LANG": "C.UTF-8", "DLEARN_HOME": str(home / "dlearn"), "DOCKER_CONFIG": str(home / "docker"),
    }
    environment.update({name: os.environ[name] for name in ("DOCKER_HOST",) if name in os.environ})
    frames = []
    try:
        terminal = Terminal([dlearn, "next", "L08"], environment)

        def keep(text, seconds, without=()):
            terminal.shows(text, without)
            frames.append((terminal.picture(), seconds))

        keep("section 1 of", 3.0)
        terminal.press("\r")
        keep("section 2 of", 2.5)
        while "1)" not in "\n".join(terminal.screen.display):
            terminal.press("\r")
            terminal.shows("section")
        frames.append((terminal.picture(), 2.5))
        terminal.press("1\r")
        keep("Enter", 3.0)
        terminal.press("q")
        terminal.leave()

        terminal = Terminal([dlearn, "next", "N02"], environment)
        keep("cd ~/dlearn", 3.5)
        terminal.press("q")
        keep("expected:", 3.0, without=["checking"])
        folder = next((home / "dlearn").glob("N02-*"))
        build = [docker, "build", "--quiet", "--tag", IMAGE, "."]
        subprocess.run(build, cwd=folder, env=environment, check=True, capture_output=True)
        keep("✗ The install", 4.0, without=["checking"])
        terminal.press("h")
        keep("Hint 1 of 3", 3.0)
        terminal.press("q")
        solution = [dlearn, "solution", "N02", "--yes", "--out", str(home / "solution")]
        subprocess.run(solution, env=environment, check=True, capture_output=True)
        shutil.copytree(home / "solution", folder, dirs_exist_ok=True)
        subprocess.run(build, cwd=folder, env=environment, check=True, capture_output=True)
        keep("All 5 checks pass.", 3.0)
        terminal.press("\r")
        keep("from the cache", 6.0)
        terminal.press("q")
        terminal.leave()
    finally:
        subprocess.run([docker, "image", "rm", "--force", IMAGE], env=environment, capture_output=True, check=False)
        shutil.rmtree(home, ignore_errors=True)
    film(frames, Path(out))


if __name__ == "__main__":
    main(*sys.argv[1:])
