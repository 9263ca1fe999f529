"""Code 128 (ISO/IEC 15417), code set B: a record number as bars, for the readers that clinics have."""

# Bar, space, bar, space, bar, space in modules, for the values 0 to 102; then the three starts, and the stop.
MODULES = """
212222 222122 222221 121223 121322 131222 122213 122312 132212 221213 221312 231212 112232 122132 122231
113222 123122 123221 223211 221132 221231 213212 223112 312131 311222 321122 321221 312212 322112 322211
212123 212321 232121 111323 131123 131321 112313 132113 132311 211313 231113 231311 112133 112331 132131
113123 113321 133121 313121 211331 231131 213113 213311 213131 311123 311321 331121 312113 312311 332111
314111 221411 431111 111224 111422 121124 121421 141122 141221 112214 112412 122114 122411 142112 142211
241211 221114 413111 241112 134111 111242 121142 121241 114212 124112 124211 411212 421112 421211 212141
214121 412121 111143 111341 131141 114113 114311 411113 411311 113141 114131 311141 411131 211412 211214
211232 2331112
"""
WIDTHS = tuple(MODULES.split())
START_B, STOP, FIRST = 104, 106, 32
QUIET = 10  # modules of white on either side, which readers need


def values_of(text: str) -> list[int]:
    """The symbols with start, check (clause 4.2.4) and stop. Raises ValueError for what set B cannot say."""
    symbols = [ord(sign) - FIRST for sign in text]
    if not symbols or not all(0 <= symbol <= 94 for symbol in symbols):
        raise ValueError("code set B holds printable ASCII alone")
    check = (START_B + sum(place * symbol for place, symbol in enumerate(symbols, 1))) % 103
    return [START_B, *symbols, check, STOP]


def bars(text: str) -> tuple[list[tuple[int, int]], int]:
    """Where each bar begins and how wide it is, and how wide the whole is, in modules with the quiet zones."""
    found, place = [], QUIET
    for value in values_of(text):
        for number, width in enumerate(map(int, WIDTHS[value])):
            if number % 2 == 0:
                found.append((place, width))
            place += width
    return found, place + QUIET
