/*
 * apps/sim/report_page.c - what every page begins and ends with: styles and the small script; and
 * the parts that pages share.
 */
#include "apps/sim/plot.h"
#include "apps/sim/report.h"
#include "base/file/file.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

static const char style[] =
    ":root{--ink:#1b1f24;--soft:#59636e;--page:#fff;--card:#f6f8fa;--edge:#d1d9e0;--good:#1a7f37;"
    "--bad:#b3261e;--c0:#0072b2;--c1:#d55e00;--c2:#009e73;--c3:#b07700;--c4:#9a4f80;--c5:#2f8fc0;"
    "--c6:#7a7a00;--c7:#555}\n"
    "@media(prefers-color-scheme:dark){:root{--ink:#e6edf3;--soft:#9198a1;--page:#0d1117;"
    "--card:#161b22;--edge:#3d444d;--good:#3fb950;--bad:#ff7b72;--c0:#56b4e9;--c1:#ff8c42;"
    "--c2:#2dd4a0;--c3:#e69f00;--c4:#e09ac0;--c5:#8fd0ff;--c6:#f0e442;--c7:#bbb}}\n"
    "*{box-sizing:border-box}body{margin:0;background:var(--page);color:var(--ink);"
    "font:15px/1.5 system-ui,sans-serif}main{max-width:1360px;margin:0 auto;padding:24px 20px}\n"
    "h1{font-size:26px;margin:0}h2{font-size:18px;margin:32px 0 10px}h3{font-size:15px;margin:0}\n"
    "p{margin:4px 0}code{font:13px/1.4 ui-monospace,monospace;overflow-wrap:anywhere}\n"
    ".lead{color:var(--soft);font-size:17px;max-width:70ch}.word{display:inline-block;"
    "padding:1px 10px;border-radius:12px;font-weight:600;border:1px solid;white-space:nowrap}\n"
    ".good{color:var(--good)}.bad{color:var(--bad)}.none{color:var(--soft)}\n"
    "dl{display:grid;grid-template-columns:max-content 1fr;gap:2px 16px;margin:14px 0}"
    "dt{color:var(--soft)}dd{margin:0;min-width:0}\n"
    ".wide{overflow-x:auto}table{border-collapse:collapse;font-size:13.5px;margin:6px 0}"
    "th,td{padding:3px 12px 3px 0;text-align:left;vertical-align:top;"
    "border-bottom:1px solid var(--edge)}th{color:var(--soft);font-weight:500}"
    "td.number,th.number{text-align:right;font-variant-numeric:tabular-nums}"
    "caption{text-align:left;color:var(--soft);padding:6px 0}\n"
    ".plots{display:grid;grid-template-columns:repeat(auto-fit,minmax(min(100%,520px),1fr));"
    "gap:18px}figure{margin:0;background:var(--card);border:1px solid var(--edge);"
    "border-radius:10px;padding:14px 14px 8px;min-width:0}#plot{grid-column:1/-1}"
    "#plot svg.plot{max-width:860px}"
    "figcaption p{color:var(--soft);"
    "font-size:13px;margin:0 0 6px}\n"
    "svg.plot{display:block;width:100%;min-width:480px;height:auto}.grid{stroke:var(--edge);stroke-"
    "width:.6;"
    "fill:none}.axis{stroke:var(--soft);fill:none}.mark{stroke:var(--soft);"
    "stroke-dasharray:2 4;fill:none}.tick{font-size:11px;fill:var(--soft)}.label{font-size:12px;"
    "fill:var(--soft)}.mid{text-anchor:middle}.end{text-anchor:end}\n"
    ".line{fill:none;stroke-width:2;stroke-linejoin:round;stroke-linecap:round;"
    "stroke:var(--c)}.thin{stroke-width:1}.theory{stroke-dasharray:7 5;stroke-width:1.6}"
    ".band{fill:var(--c);opacity:.18}.dot,.bar{fill:var(--c)}.shade{fill:var(--soft)}\n"
    ".c0{--c:var(--c0)}.c1{--c:var(--c1)}.c2{--c:var(--c2)}.c3{--c:var(--c3)}.c4{--c:var(--c4)}"
    ".c5{--c:var(--c5)}.c6{--c:var(--c6)}.c7{--c:var(--c7)}\n"
    ".legend{list-style:none;display:flex;flex-wrap:wrap;gap:2px 16px;margin:4px 0;padding:0;"
    "font-size:13px}.legend li{display:flex;align-items:center;gap:6px}.legend svg{flex:none}"
    "body.live .legend li[data-series]{cursor:pointer}.legend .off{opacity:.4}"
    "g.off{display:none}h1,h3,.lead,.legend span{overflow-wrap:anywhere;min-width:0}\n"
    "details{font-size:13px;color:var(--soft)}details table{display:inline-table;margin-right:24px}"
    "summary{cursor:pointer}.read{font-size:12px;min-height:1.5em;color:var(--ink)}\n"
    "@media print{body{font-size:11px}figure{break-inside:avoid}details{display:none}}\n";

/* Reads the attributes of the drawing (data-x: the axis, data-points); nothing is fetched. */
static const char script[] =
    "document.body.classList.add('live');\n"
    "for(const f of document.querySelectorAll('figure')){const s=f.querySelector('svg.plot');"
    "const keys=[...f.querySelectorAll('.legend li[data-series]')];if(!keys.length)continue;\n"
    "const r=document.createElement('div');r.className='read';s.parentNode.after(r);"
    "const groups=[...s.querySelectorAll('g.series')];"
    "const [a,b,l,w]=s.dataset.x.split(' ').map(Number);\n"
    "const data=groups.map(g=>g.dataset.points.trim().split(' ')"
    ".filter(Boolean).map(p=>p.split(',').map(Number)));\n"
    "s.addEventListener('pointermove',e=>{const c=s.getBoundingClientRect();"
    "const v=((e.clientX-c.left)/c.width*640-l)/(w-l)*(b-a)+a;let at=null;const out=[];"
    "data.forEach((d,k)=>{if(groups[k].classList.contains('off'))return;"
    "let best=null;for(const p of d)if(!best||Math.abs(p[0]-v)<"
    "Math.abs(best[0]-v))best=p;if(best){at=at===null?best[0]:at;"
    "out.push(keys[k].textContent+' '+(+best[1].toPrecision(5)))}});"
    "r.textContent=at===null?'':('named' in s.dataset?'':(+at.toPrecision(6))+': ')"
    "+out.join(', ')});\n"
    "s.addEventListener('pointerleave',()=>{r.textContent=''});\n"
    "keys.forEach((li,k)=>li.addEventListener('click',()=>{"
    "li.classList.toggle('off');groups[k].classList.toggle('off')}))}\n";

void assay_sim_page_word(FILE *out, const char *class_, const char *word)
{
    (void)fprintf(out, "<span class=\"word %s\">%s</span>", class_, word);
}

void assay_sim_page_fact(FILE *out, const char *name, const char *value)
{
    (void)fprintf(out, "<dt>%s</dt><dd>", name);
    assay_sim_html_text(value, out);
    (void)fputs("</dd>\n", out);
}

void assay_sim_page_code(FILE *out, const char *name, const char *value)
{
    (void)fprintf(out, "<dt>%s</dt><dd><code>", name);
    assay_sim_html_text(value, out);
    (void)fputs("</code></dd>\n", out);
}

void assay_sim_page_hash(FILE *out, const char *name, const uint8_t hash[static 32])
{
    char text[2 * 32 + 1];
    assay_hex_encode(hash, 32, text, sizeof text);
    assay_sim_page_code(out, name, text);
}

void assay_sim_page_open(const char *title, FILE *out)
{
    (void)fputs("<!doctype html>\n<html lang=\"en\"><head><meta charset=\"utf-8\">\n"
                "<meta name=\"viewport\" content=\"width=device-width,initial-scale=1\">\n"
                "<meta name=\"color-scheme\" content=\"light dark\">\n<title>",
                out);
    assay_sim_html_text(title, out);
    (void)fprintf(out, "</title>\n<style>\n%s</style></head>\n<body><main>\n", style);
}

void assay_sim_page_close(FILE *out)
{
    (void)fprintf(out, "</main>\n<script>\n%s</script>\n</body></html>\n", script);
}

enum assay_status assay_sim_page_write(const char *path, char *text,
                                       char message[static ASSAY_SIM_MESSAGE_MAX])
{
    enum assay_status status = ASSAY_E_MEMORY;
    if (text != NULL)
        status = assay_file_replace(path, ASSAY_FILE_PUBLIC, assay_slice_over(text, strlen(text)));
    free(text);
    if (status != ASSAY_OK)
        (void)snprintf(message, ASSAY_SIM_MESSAGE_MAX, "%.350s: %.120s", path,
                       status == ASSAY_E_IO ? strerror(errno) : assay_status_text(status));
    return status;
}
