/**
 * The report's style sheet. Two sets of colours as custom properties; everything else refers to them. There are no
 * style attributes anywhere: the content security policy allows this text alone, by its hash.
 */
const LIGHT = `--bg:#fbfbf9;--fg:#16181c;--mut:#5b616b;--line:#e4e4de;--grid:#ecece7;--card:#fff;--c0:#16181c;--c1:#0072b2;--c2:#c24f00;--c3:#00805c;--c4:#a8568a;--c5:#5b616b;--bad:#a93a05;--good:#0b6b4f;--unk:#6b5b00;--band:#d55e0017;--h0:#e3eff6;--h1:#c3dfee;--h2:#97c8e2;--h3:#63abd2;--h4:#338fc0;--h5:#0f73ac;--h6:#00507f;--t1:#fdf5ee;--t2:#fbe9da;--t3:#f7dac1;--t4:#f2c8a4;--focus:#0072b2`;
const DARK = `--bg:#111418;--fg:#e9ebee;--mut:#a3abb6;--line:#2a2f37;--grid:#232830;--card:#171b21;--c0:#e9ebee;--c1:#56b4e9;--c2:#f08a4b;--c3:#2dbf95;--c4:#d68ab5;--c5:#a3abb6;--bad:#ff9a63;--good:#4fd1a5;--unk:#e0c860;--band:#ee773326;--h0:#1a2c3a;--h1:#1d4058;--h2:#20577a;--h3:#2873a2;--h4:#3a93c9;--h5:#62b7ea;--h6:#aee0ff;--t1:#241d18;--t2:#33241a;--t3:#45301f;--t4:#5a3c24;--focus:#56b4e9`;

const BASE = `
*{box-sizing:border-box}
html{-webkit-text-size-adjust:100%;scroll-padding-top:16px}
body{margin:0;background:var(--bg);color:var(--fg);font:15px/1.5 ui-sans-serif,system-ui,"Segoe UI",Roboto,Helvetica,Arial,sans-serif;font-variant-numeric:tabular-nums;overflow-wrap:break-word}
main{max-width:1120px;margin:0 auto;padding:0 24px 72px}
a{color:inherit;text-decoration-color:var(--mut);text-underline-offset:3px}
:focus-visible{outline:2px solid var(--focus);outline-offset:2px;border-radius:4px}
.skip{position:absolute;left:-9999px}.skip:focus{left:8px;top:8px;background:var(--card);padding:6px 10px;z-index:9}
.top{max-width:1120px;margin:0 auto;padding:26px 24px 0;font-size:13px;color:var(--mut)}
.top>div{display:flex;flex-wrap:wrap;gap:2px 18px;align-items:baseline;border-bottom:1px solid var(--line);padding-bottom:10px}
.top b{color:var(--fg)}.top span:nth-of-type(2){margin:0 auto}
h1{font-size:31px;line-height:1.22;margin:26px 0 8px;letter-spacing:-.017em;font-weight:660;text-wrap:balance}
.v{display:inline-block;padding:0 11px;border-radius:7px;margin-right:6px;white-space:nowrap}
.fail{color:var(--bad);background:color-mix(in srgb,var(--bad) 11%,transparent)}
.pass{color:var(--good);background:color-mix(in srgb,var(--good) 11%,transparent)}
.unknown{color:var(--unk);background:color-mix(in srgb,var(--unk) 14%,transparent)}
.sub{color:var(--mut);margin:0 0 6px;max-width:76ch}.sub b{color:var(--fg);font-weight:600}
.warn{border-left:3px solid var(--unk);padding:7px 12px;margin:14px 0;background:color-mix(in srgb,var(--unk) 8%,transparent);border-radius:0 8px 8px 0}
.warn b{color:var(--unk)}.note{font-size:13px;color:var(--mut);margin:4px 0 0;max-width:none}
h2{font-size:20px;margin:46px 0 2px;letter-spacing:-.011em;font-weight:640}
h2 a{text-decoration:none}h2 a::after{content:" #";color:var(--mut);font-weight:400;opacity:0}h2 a:hover::after,h2 a:focus-visible::after{opacity:1}
h2+p,h3+p{color:var(--mut);margin:0 0 12px;max-width:76ch}
h3{font-size:15px;margin:24px 0 2px;font-weight:640}
.tiles{display:grid;grid-template-columns:repeat(6,1fr);background:var(--card);border:1px solid var(--line);border-radius:10px;overflow:hidden;margin:18px 0 0}
.tiles div{padding:12px 14px 11px;box-shadow:1px 1px 0 0 var(--line)}
.tiles dt{font-size:12.5px;color:var(--mut)}
.tiles dd{margin:1px 0 0;font-size:23px;line-height:1.3;font-weight:620;letter-spacing:-.02em;white-space:nowrap}
.tiles .none{color:var(--unk)}
.tiles small{display:block;white-space:pre-line;font-size:12.5px;line-height:1.35;font-weight:400;color:var(--mut);letter-spacing:0}
.tiles small.off{color:var(--unk);font-weight:600}
.scroll{overflow-x:auto;background:var(--card);border:1px solid var(--line);border-radius:10px;margin:12px 0 0}
table{border-collapse:collapse;width:100%;font-size:14px}
caption{text-align:left;color:var(--mut);font-size:13px;padding:9px 12px 7px}
th,td{padding:7px 12px;border-top:1px solid var(--line);text-align:right;white-space:nowrap;vertical-align:baseline}
thead th{font-weight:560;color:var(--mut);font-size:12.5px;line-height:1.35;vertical-align:bottom;background:var(--card)}
thead th small{display:block;font-weight:400}
tbody th{font-weight:600}
th:first-child,td:first-child,.txt{text-align:left}
.wide{white-space:normal;min-width:24ch}
.tall{max-height:420px;overflow:auto}.tall thead th{position:sticky;top:0;box-shadow:0 1px 0 var(--line)}
td small,tbody th small{display:block;color:var(--mut);font-size:12px;font-weight:400;line-height:1.35}
:target{background:color-mix(in srgb,var(--c1) 16%,transparent);scroll-margin-top:40px}h2:target,section:target,figure:target{background:none}
.s-pass,.s-fail,.s-unknown{font-weight:600}.s-pass{color:var(--good)}.s-fail{color:var(--bad)}.s-unknown{color:var(--unk)}
small.off{color:var(--unk);font-weight:600}
.pin tr>:first-child{position:sticky;left:0;background:var(--card);z-index:1}
.over th{text-align:left;font-weight:640;color:var(--fg);padding-bottom:0}.over span{display:inline-block;position:sticky;left:8.5em}.over small{display:inline!important}.over+tr th{border-top:0}
.broad,.vast{font-size:13px}.broad :is(th,td),.vast :is(th,td){padding-left:7px;padding-right:7px}.broad :is(thead tr:last-child th,td small),.vast :is(thead tr:last-child th,td small){white-space:normal}
colgroup+colgroup{border-left:2px solid var(--line)}
td.t1{background:var(--t1)}td.t2{background:var(--t2)}td.t3{background:var(--t3)}td.t4{background:var(--t4)}
td.doubt{color:var(--mut);font-style:italic}td.best{color:var(--good);font-weight:620}td.best::before{content:"• "}
td.t1 small,td.t2 small,td.t3 small,td.t4 small{color:inherit}
th button{all:unset;cursor:pointer;font:inherit;color:inherit}th button:hover{color:var(--fg)}th button:focus-visible{outline:2px solid var(--focus);outline-offset:2px}
th[aria-sort=ascending] button::after{content:" ↑"}th[aria-sort=descending] button::after{content:" ↓"}
.strip{display:flex;flex-wrap:wrap;gap:4px 20px;font-size:13px;color:var(--mut);margin:14px 0 0;padding:0;list-style:none}
.btn{font:inherit;font-size:12.5px;color:var(--mut);background:none;border:1px solid var(--line);border-radius:6px;padding:1px 9px;cursor:pointer}
.btn:hover{color:var(--fg);border-color:var(--mut)}
.copy{float:right;margin-left:12px}
.box{background:var(--card);border:1px solid var(--line);border-radius:10px;padding:6px 14px 12px;margin:12px 0 0}
figure{margin:0}
figcaption{font-size:13px;line-height:1.45;margin:10px 0 7px;padding-left:58px;min-height:19px}
figcaption b{font-weight:640;margin-right:3px}figcaption .f{color:var(--mut)}
figcaption .at{float:right;color:var(--fg);margin-left:14px;font-weight:560}
.plot{position:relative;margin:0 158px 0 58px}
.plot svg{display:block;width:100%;overflow:visible}.plot>svg,.plot text{pointer-events:none}
.legend{display:none}
.g{stroke:var(--grid)}.ax{stroke:var(--line)}
.t{font-size:11.5px;fill:var(--mut)}.e{text-anchor:end}.m{text-anchor:middle}
.lab{font-size:12.5px;font-weight:580}
.l{fill:none;stroke-width:1.8;stroke-linejoin:round;stroke-linecap:round;vector-effect:non-scaling-stroke}
.d1{stroke-dasharray:6 4}.d2{stroke-dasharray:2 4}.d3{stroke-dasharray:9 3 2 3}
.area{stroke:none;opacity:.13}
.band{fill:var(--band)}.limit{stroke:var(--bad);stroke-dasharray:3 3}.dot{fill:var(--bad)}text.lim{fill:var(--bad)}
.mark{stroke:var(--mut);stroke-dasharray:1 3}.mk{font-size:11.5px;fill:var(--mut)}
.halo{paint-order:stroke;stroke:var(--card);stroke-width:4px;stroke-linejoin:round}
.cur{stroke:var(--fg);stroke-width:1}
.bare .plot{margin:0 16px}.bare figcaption{padding-left:16px}
.tol{fill:color-mix(in srgb,var(--c1) 11%,transparent)}.zero{stroke:var(--mut)}.rule{stroke:var(--mut);stroke-dasharray:5 4}.ci{stroke-width:2}.pt{stroke-width:1.6}.ring{fill:var(--card)!important}.dots{fill:none;stroke-width:5;stroke-linecap:round;vector-effect:non-scaling-stroke}
.fg{fill:var(--fg)}.why{white-space:normal;min-width:26ch}#sides-table code{min-width:48ch}
.key{display:inline-block;width:13px;height:10px;vertical-align:-1px}
.swatches{font-size:12px;color:var(--mut);padding:5px 0 0 58px}
.scrub{position:relative;margin:10px 150px 2px 50px;height:22px}
.scrub input{width:100%;margin:0;accent-color:var(--c1);height:22px}.scrub output{position:absolute;left:100%;padding-left:10px;top:1px;font-size:13px;font-weight:580;white-space:nowrap}
code{font:13px/1.5 ui-monospace,SFMono-Regular,Menlo,Consolas,monospace}td code{white-space:pre-wrap;overflow-wrap:anywhere;display:block;text-align:left;min-width:30ch}
pre{background:var(--card);border:1px solid var(--line);border-radius:10px;padding:12px 14px;margin:12px 0 0;white-space:pre-wrap;overflow-wrap:anywhere;font:13px/1.55 ui-monospace,SFMono-Regular,Menlo,Consolas,monospace}
details{margin:12px 0 0}summary{cursor:pointer;color:var(--mut);font-size:13.5px;width:fit-content}summary:hover{color:var(--fg)}
.pairs{display:grid;grid-template-columns:max-content 1fr;gap:5px 20px;margin:12px 0 0;font-size:14px}.pairs dt{color:var(--mut)}.pairs dd{margin:0;overflow-wrap:anywhere}
ul.plain{margin:10px 0 0;padding-left:18px;max-width:100ch}.nb{white-space:nowrap}
footer{color:var(--mut);font-size:13px;margin:52px 0 0;border-top:1px solid var(--line);padding-top:12px}
@media screen and (max-width:1000px){.tiles{grid-template-columns:repeat(4,1fr)}}
@media screen and (max-width:720px){
main,.top{padding-left:15px;padding-right:15px}h1{font-size:24px}.top span:nth-of-type(2){margin:0}
.tiles{grid-template-columns:repeat(2,1fr)}.tiles dd{font-size:21px}
.box{padding:4px 10px 10px}.plot{margin:0 10px 0 44px}figcaption,.swatches{padding-left:0}.scrub{margin:6px 2px 18px 36px}.scrub output{left:0;top:20px;padding:0}figcaption .at{float:none;display:block;margin:0}
.end{display:none}.legend{display:flex;flex-wrap:wrap;gap:0 14px;font-size:12.5px}
.wide{min-width:min(68ch,150vw)}.pin tbody th{white-space:normal;min-width:37vw;max-width:42vw}.over span{left:43vw}
.bare .plot{margin:0 4px}.bare figcaption{padding-left:4px}.pairs{grid-template-columns:1fr;gap:0}.pairs dd{margin-bottom:8px}.minor{display:none}}`;

const COLOURS = [0, 1, 2, 3, 4, 5]
  .map(
    (i) =>
      `.c${i}{stroke:var(--c${i})}text.c${i},span.c${i}{stroke:none;fill:var(--c${i});color:var(--c${i})}.area.c${i},.pt.c${i}{fill:var(--c${i})}`,
  )
  .join('');
const HEAT = [0, 1, 2, 3, 4, 5, 6].map((i) => `.h${i}{fill:var(--h${i})}`).join('');

const PRINT = `@media print{:root:root:root{color-scheme:light;${LIGHT}}body{font-size:12.5px;-webkit-print-color-adjust:exact;print-color-adjust:exact}main,.top{max-width:none;padding-left:0;padding-right:0}h2{break-after:avoid;margin-top:26px}figure,tr,.tiles,.strip{break-inside:avoid}.btn,.scrub,.skip,.series,#plan,.cur{display:none}.scroll,.tall{overflow:visible;max-height:none}th,td{padding:4px 7px}.pin tr>:first-child,.over span{position:static}.why{min-width:17ch}#measures,#changes{font-size:10px}:is(#measures,#changes) :is(th,td){padding:3px 4px}:is(#measures,#changes) small{font-size:9px}.broad{font-size:10px}.vast{font-size:7.5px}section:has(.broad,.vast){page:wide}.broad :is(th,td),.vast :is(th,td){padding:2px 3px;white-space:normal}.broad small,.vast small,.broad thead th,.vast thead th{font-size:inherit!important;line-height:1.25}.broad tbody th,.vast tbody th{overflow-wrap:anywhere}td code{min-width:0}.top{padding-top:0}.tiles dd{font-size:17px}.tiles div{padding:7px 9px}.plot{margin:0 120px 0 52px}figcaption,.swatches{padding-left:52px}.box{padding:2px 8px 8px}h1{font-size:23px;margin-top:14px}details::details-content{content-visibility:visible;block-size:auto}}@page{margin:14mm}@page wide{size:A4 landscape}`;

/** The whole sheet, as it stands in the page. */
export const STYLE = `:root{color-scheme:light;${LIGHT}}@media(prefers-color-scheme:dark){:root:not([data-theme=light]){color-scheme:dark;${DARK}}}:root[data-theme=dark]{color-scheme:dark;${DARK}}${BASE}${COLOURS}${HEAT}${PRINT}`;
