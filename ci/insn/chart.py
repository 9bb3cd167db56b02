# SPDX-License-Identifier: GPL-2.0-only
"""A bar chart as SVG: legacy and new one below the other, by object file."""

from xml.sax.saxutils import escape

WIDTH, BAR, LEFT, RIGHT = 1100, 22, 400, 80
INSIDE, BETWEEN = 4, 16     # from bar to bar: of a pair, of two pairs
COLOURS = ("#4c72b0", "#dd8452", "#55a868", "#c44e52", "#8172b3", "#937860",
           "#da8bc3", "#ccb974", "#64b5cd", "#2f4b7c", "#a05195")
OTHER, OTHER_COLOUR = "other", "#9c9c9c"
COLUMNS = 2                 # of the legend


def fold(bars):
    """Keeps the parts that are worth a colour; sums the others up."""
    weight = {}
    for _, values in bars:
        whole = sum(values.values()) or 1
        for part, value in values.items():
            weight[part] = max(weight.get(part, 0), value / whole)
    kept = sorted(weight, key=lambda part: -weight[part])[:len(COLOURS)]
    folded = []
    for label, values in bars:
        few = {part: values[part] for part in kept if part in values}
        rest = sum(values.values()) - sum(few.values())
        if rest > 0:
            few[OTHER] = rest
        folded.append((label, few))
    return folded, kept


def chart(title, bars, group=2):
    """bars: [(label, {part: instructions})], `group` neighbours to one scale
    and one heading (the label up to its last comma)."""
    bars, parts = fold(bars)
    colours = dict(zip(parts, COLOURS), **{OTHER: OTHER_COLOUR})
    rows, y = [text(16, 30, title, size=17)], 50
    for first in range(0, len(bars), group):
        pair = bars[first:first + group]
        most = max([sum(values.values()) for _, values in pair] + [1e-9])
        heading = pair[0][0].rpartition(", ")[0]
        rows.append(text(16, y + BAR - 6, heading))
        for label, values in pair:
            rows += bar(y, label.rpartition(", ")[2], values, most, colours)
            y += BAR + INSIDE
        y += BETWEEN
    shown = [part for part in [*parts, OTHER]
             if any(part in values for _, values in bars)]
    rows += legend(y, shown, colours)
    height = y + 20 * -(-len(shown) // COLUMNS) + 10
    return ('<svg xmlns="http://www.w3.org/2000/svg" width="%d" height="%d" '
            'font-family="sans-serif" font-size="13">\n'
            '<rect width="100%%" height="100%%" fill="white"/>\n%s\n</svg>\n'
            % (WIDTH, height, "\n".join(rows)))


def bar(y, label, values, most, colours):
    """One bar, its label and its sum."""
    rows, x = [text(LEFT - 8, y + BAR - 6, label, "end")], LEFT
    for part in colours:
        width = values.get(part, 0) * (WIDTH - LEFT - RIGHT) / most
        if width > 0:
            rows.append('<rect x="%.1f" y="%d" width="%.1f" height="%d" '
                        'fill="%s"><title>%s: %.1f</title></rect>'
                        % (x, y, width, BAR, colours[part], escape(part),
                           values[part]))
        x += max(width, 0)
    whole = sum(values.values())
    rows.append(text(x + 6, y + BAR - 6,
                     "%.0f" % whole if whole >= 10 else "%.1f" % whole))
    return rows


def legend(y, parts, colours):
    """What colour is what, in columns."""
    deep, rows = -(-len(parts) // COLUMNS), []
    for number, part in enumerate(parts):
        x = 16 + number // deep * (WIDTH - 32) // COLUMNS
        at = y + number % deep * 20
        rows.append('<rect x="%d" y="%d" width="13" height="13" fill="%s"/>'
                    % (x, at, colours[part]))
        rows.append(text(x + 20, at + 11, part))
    return rows


def text(x, y, words, anchor="start", size=13):
    """A line of text."""
    return ('<text x="%.1f" y="%d" text-anchor="%s" font-size="%d">%s</text>'
            % (x, y, anchor, size, escape(words)))
