# SPDX-License-Identifier: GPL-2.0-only
"""A bar chart as SVG: legacy and new side by side, by object file."""

from xml.sax.saxutils import escape

WIDTH, BAR, GAP, LEFT, RIGHT = 960, 22, 10, 330, 90
COLOURS = ("#4c72b0", "#dd8452", "#55a868", "#c44e52", "#8172b3", "#937860",
           "#da8bc3", "#8c8c8c", "#ccb974", "#64b5cd")


def chart(title, bars):
    """bars: [(label, {part: instructions})], drawn to one scale."""
    parts = []
    for _, values in bars:
        for part in sorted(values, key=values.get, reverse=True):
            if part not in parts:
                parts.append(part)
    colours = {part: COLOURS[min(i, len(COLOURS) - 1)]
               for i, part in enumerate(parts)}
    most = max([sum(values.values()) for _, values in bars] + [1])
    rows = []
    y = 50
    for label, values in bars:
        rows.append(text(LEFT - 8, y + 16, label, "end"))
        x = LEFT
        for part in parts:
            width = values.get(part, 0) * (WIDTH - LEFT - RIGHT) / most
            rows.append('<rect x="%.1f" y="%d" width="%.1f" height="%d" '
                        'fill="%s"><title>%s: %.1f</title></rect>'
                        % (x, y, width, BAR, colours[part], escape(part),
                           values.get(part, 0)))
            x += width
        rows.append(text(x + 6, y + 16, "%.0f" % sum(values.values())))
        y += BAR + GAP
    y += 10
    for part in parts:
        rows.append('<rect x="%d" y="%d" width="12" height="12" fill="%s"/>'
                    % (LEFT, y, colours[part]))
        rows.append(text(LEFT + 18, y + 11, part))
        y += 18
    return ('<svg xmlns="http://www.w3.org/2000/svg" width="%d" height="%d" '
            'font-family="sans-serif" font-size="13">\n%s\n%s\n</svg>\n'
            % (WIDTH, y + 10, text(LEFT, 28, title), "\n".join(rows)))


def text(x, y, words, anchor="start"):
    """A line of text."""
    return ('<text x="%.1f" y="%d" text-anchor="%s">%s</text>'
            % (x, y, anchor, escape(words)))
