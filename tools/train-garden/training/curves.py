"""The curves of a training as a picture (SVG), from its log.jsonl.

Above: the UNet's error in velocity for four parts of the time steps, which says less the longer it
goes on. Below: what the judge recognises in drawn pictures, which is what counts.
"""
import json

from training.data import JUDGED

PARTS = {"q0": "least noisy quarter", "q1": "second", "q2": "third", "q3": "noisiest quarter"}
INKS = ("#0b6e99", "#b5520a", "#3a7d34", "#8a3b8f")
WIDTH, HEIGHT, LEFT, RIGHT, TOP, GAP = 760, 230, 52, 150, 26, 54


def _entries(path):
    return [json.loads(line) for line in path.read_text().splitlines()]


def _polyline(points, x, y, ink, dots=False):
    places = [(x(a), y(b)) for a, b in points]
    line = " ".join(f"{a:.1f},{b:.1f}" for a, b in places)
    out = [f'<polyline points="{line}" fill="none" stroke="{ink}" stroke-width="1.6"/>']
    if dots:
        out += [f'<circle cx="{a:.1f}" cy="{b:.1f}" r="3" fill="{ink}"/>' for a, b in places]
    return out


def _text(x, y, words, ink="#333", anchor="start"):
    return f'<text x="{x:.0f}" y="{y:.0f}" fill="{ink}" text-anchor="{anchor}">{words}</text>'


def _panel(top, title, series, x, high, dots):
    """One frame with its curves and their names at the right. series: (name, points)."""
    def y(value):
        return top + HEIGHT - value / high * HEIGHT

    out = [_text(LEFT, top - 9, title)]
    for step in range(6):
        value = high * step / 5
        out.append(f'<line x1="{LEFT}" x2="{WIDTH - RIGHT}" y1="{y(value):.1f}" '
                   f'y2="{y(value):.1f}" stroke="#ddd"/>')
        out.append(_text(LEFT - 6, y(value) + 4, f"{value:.2f}", anchor="end"))
    lowest = 0.0
    named = sorted(zip(series, INKS), key=lambda one: y(one[0][1][-1][1]))
    for (name, points), ink in named:
        out += _polyline(points, x, y, ink, dots)
        lowest = max(y(points[-1][1]) + 4, lowest + 15)     # names do not cover each other
        out.append(_text(WIDTH - RIGHT + 10, lowest, name, ink))
    return out


def write(log, path):
    """log: log.jsonl. path: the picture; it is not written where nothing was trained yet."""
    entries = _entries(log)
    steps = [entry for entry in entries if entry["phase"] == "unet"]
    looks = [entry for entry in entries if entry["phase"] in ("now", "evaluate")]
    if not steps or not looks:
        return
    last = max(entry["seen"] for entry in steps + looks)

    def x(seen):
        return LEFT + seen / last * (WIDTH - LEFT - RIGHT)

    errors = [(words, [(entry["seen"], entry[name]) for entry in steps])
              for name, words in PARTS.items()]
    judged = [(name, [(entry["seen"], entry[name]) for entry in looks]) for name in JUDGED]
    bottom = TOP + 2 * HEIGHT + GAP
    out = [f'<svg xmlns="http://www.w3.org/2000/svg" width="{WIDTH}" height="{bottom + 34}" '
           'font-family="sans-serif" font-size="12">',
           '<rect width="100%" height="100%" fill="#fff"/>']
    out += _panel(TOP, "error of the velocity, mean over 100 steps", errors, x, 1.25, False)
    out += _panel(TOP + HEIGHT + GAP, "share of drawn pictures that the judge names rightly",
                  judged, x, 1.0, True)
    for part in range(5):
        seen = last * part / 4
        out.append(_text(x(seen), bottom + 16, f"{seen / 1000:.0f}", anchor="middle"))
    out.append(_text(WIDTH - RIGHT + 26, bottom + 16, "thousand samples"))
    out.append("</svg>")
    path.write_text("\n".join(out) + "\n")
