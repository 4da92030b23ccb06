"""The page that `report` fills: its frame, its filter, and its style, light and dark, wide and narrow."""

PAGE = """<!doctype html>
<html lang=en><head><meta charset=utf-8><meta name=viewport content="width=device-width, initial-scale=1">
<meta name=color-scheme content="light dark"><title>nnspec: what each concept costs</title><style>{style}</style></head>
<body><main>{body}</main><script>{script}</script></body></html>
"""

FILTER = (
    "<div class=filter role=search>"
    "<input type=search placeholder='filter: relu M torch' aria-label='filter all tables'>"
    "<label><input type=checkbox name=changed> of the history only what has changed</label><output></output></div>"
)

STYLE = """
:root { --back: #fbfaf8; --card: #fff; --ink: #1d2127; --dim: #666d77; --line: #e3e1dc; --grid: #ecebe7;
  --a: #2563b8; --b: #c2571a; --c: #2e8b57; --d: #8e4ec6; --e: #b8860b; --f: #c43a6b; --r: #8a8f98;
  --good3: #1f7a8c; --good2: #6fb3bd; --good1: #c5e2e4; --even: #efede8; --bad1: #f6d9c8; --bad2: #e69b75;
  --bad3: #bd4b2c; --strong: #fff; }
@media (prefers-color-scheme: dark) { :root { --back: #14171b; --card: #1c2026; --ink: #e6e8eb; --dim: #9aa2ad;
  --line: #2d333b; --grid: #262b32; --a: #6ea8fe; --b: #f0975a; --c: #63c793; --d: #c08cf0; --e: #e0b84c; --f: #f07ba3;
  --r: #8a919c; --good3: #2a9db2; --good2: #1f6b79; --good1: #1c434b; --even: #262b32; --bad1: #4d3327; --bad2: #8a4a2c;
  --bad3: #d0603c; --strong: #fff; } }
* { box-sizing: border-box; }
body { margin: 0; background: var(--back); color: var(--ink); font: 15px/1.5 system-ui, sans-serif; }
main { max-width: 1240px; margin: 0 auto; padding: 28px 20px 60px; }
h1 { font-size: 28px; line-height: 1.2; margin: 0 0 4px; letter-spacing: -0.01em; }
h2 { font-size: 19px; margin: 44px 0 4px; } h3 { font-size: 13px; margin: 0 0 4px; font-weight: 600; }
p { margin: 2px 0 10px; max-width: 75ch; } .dim, small, em { color: var(--dim); font-style: normal; }
.cards { display: grid; grid-template-columns: repeat(auto-fill, minmax(150px, 1fr)); gap: 12px; margin-top: 18px; }
.card, figure { background: var(--card); border: 1px solid var(--line); border-radius: 8px; padding: 12px 14px;
  margin: 0; }
.card b { display: block; font-size: 27px; line-height: 1.2; font-variant-numeric: tabular-nums; }
.card span { display: block; } .card small { font-size: 12px; }
.scroll { overflow-x: auto; border: 1px solid var(--line); border-radius: 8px; background: var(--card); }
table { border-collapse: separate; border-spacing: 0; width: 100%; font-size: 14px; }
th, td { padding: 5px 12px; text-align: right; white-space: nowrap; border-bottom: 1px solid var(--line); }
th { font-weight: 600; color: var(--dim); font-size: 12.5px; }
tbody tr:last-child td { border-bottom: 0; }
th:first-child, td:first-child { text-align: left; position: sticky; left: 0; background: var(--card); }
td { font-variant-numeric: tabular-nums; } td b { font-weight: 600; margin-right: 6px; }
.legend { display: flex; flex-wrap: wrap; gap: 4px 14px; margin: 6px 0 10px; font-size: 12.5px; }
.legend [class^=heat] { padding: 1px 8px; border-radius: 4px; } .legend:has([class^=heat]) { gap: 4px; }
.heat0 { background: var(--good3); color: var(--strong); } .heat1 { background: var(--good2); }
.heat3 { background: var(--good1); } .heat4 { background: var(--even); } .heat5 { background: var(--bad1); }
.heat7 { background: var(--bad2); } .heat8 { background: var(--bad3); color: var(--strong); }
.heat2 { background: color-mix(in srgb, var(--good1), var(--good2) 35%); }
.heat6 { background: color-mix(in srgb, var(--bad1), var(--bad2) 45%); }
.bars { columns: 520px 2; column-gap: 36px; }
.bar { display: grid; grid-template-columns: minmax(0, 13em) 1fr 11.5em; gap: 10px; align-items: center; padding: 2px 0;
  font-size: 13.5px; break-inside: avoid; }
.bar svg { width: 100%; height: 12px; display: block; }
.num { font-variant-numeric: tabular-nums; white-space: nowrap; }
.track { fill: var(--grid); } .fill { fill: var(--a); opacity: .75; } .mark { stroke: var(--ink); stroke-width: 1; }
.whisker { stroke: var(--ink); stroke-width: 1.4; vector-effect: non-scaling-stroke; }
.mark { vector-effect: non-scaling-stroke; }
.charts { display: grid; grid-template-columns: repeat(auto-fill, minmax(270px, 1fr)); gap: 14px; }
figure svg { width: 100%; display: block; }
figcaption { font-size: 12.5px; display: flex; flex-wrap: wrap; gap: 2px 10px; }
svg text { font: 10px system-ui, sans-serif; fill: var(--dim); } .grid { stroke: var(--grid); }
polyline { fill: none; stroke-width: 1.8; stroke: currentColor; } circle { fill: currentColor; }
.a { color: var(--a); } .b { color: var(--b); } .c { color: var(--c); } .d { color: var(--d); } .e { color: var(--e); }
.f { color: var(--f); } .r { color: var(--r); }
.flag { font-weight: 700; text-decoration: underline wavy; }
ul { padding-left: 20px; margin: 6px 0; } li { margin: 2px 0; overflow-wrap: anywhere; }
@media (max-width: 560px) { main { padding: 20px 14px 40px; } th, td { padding: 5px 8px; }
  td small { display: block; }
  .bar { grid-template-columns: 1fr auto; } .bar svg { grid-column: 1 / -1; order: 3; } .bars { columns: 1; } }
"""
