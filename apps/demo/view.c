/*
 * apps/demo/view.c - live view: one table in the terminal, drawn with ANSI escapes.
 *
 * Terminal capabilities come from apps/assay/core/terminal.h: signs, colours, plain ASCII.
 */
#include "apps/assay/core/terminal.h"
#include "apps/demo/demo.h"

#include <stdarg.h>
#include <string.h>

enum { VIEW_EVENTS = 12, LINE_LEN_MAX = 1024, BAR_MAX = 20 };

static struct assay_terminal terminal; /* lines are cut to its columns, never wrapped */

int demo_view_columns(void)
{
    return cli_terminal_look().columns;
}

void demo_view_open(const struct demo *demo)
{
    (void)demo;
    (void)fputs("\x1b[?1049h\x1b[?25l", stdout); /* another screen, no cursor */
    (void)fflush(stdout);
}

void demo_view_close(void)
{
    (void)fputs("\x1b[?25h\x1b[?1049l", stdout);
    (void)fflush(stdout);
}

__attribute__((format(printf, 1, 2))) static void put_line(const char *format, ...)
{
    char line[LINE_LEN_MAX];
    va_list args;
    va_start(args, format);
    (void)vsnprintf(line, sizeof line, format, args);
    va_end(args);
    cli_terminal_put(&terminal, line, stdout);
    (void)fputs("\x1b[K\n", stdout);
}

/* Less of it where there is little room. */
static int bar_cells(void)
{
    return terminal.columns >= 100 ? BAR_MAX : terminal.columns >= 80 ? BAR_MAX / 2 : BAR_MAX / 4;
}

static bool is_serving(const struct demo_member *m)
{
    return m->stage[0] == '\0' || strcmp(m->stage, "member") == 0;
}

static void draw_member(const struct demo_peer *peer, const struct demo_member *m)
{
    char cells[3 * BAR_MAX + 1];
    const char *process = peer->pid == 0 ? "down" : peer->now.reachable ? "up" : "starting";
    const char *stage = strcmp(m->stage, "resting") == 0 ? "drained" : m->stage;
    const char *status = m->in_maintenance ? "serviced" : is_serving(m) ? m->standing : stage;
    put_line(" %-8s %s%s %-10s%s %s %3u %% %6u %3u  %-8s %s%s", m->name,
             cli_terminal_colour(&terminal, status), cli_terminal_glyph(&terminal, status), status,
             cli_terminal_plain(&terminal),
             cli_terminal_bar(&terminal, m->score_bp, (unsigned)bar_cells(), cells),
             (unsigned)m->score_bp / 100, (unsigned)m->weight, (unsigned)m->incarnation, process,
             m->probation && is_serving(m) ? "on probation; " : "", is_serving(m) ? m->reason : "");
}

static void draw_events(const struct demo *demo)
{
    const size_t shown = demo->event_count < VIEW_EVENTS ? demo->event_count : VIEW_EVENTS;
    for (size_t i = demo->event_count - shown; i < demo->event_count; i++) {
        const struct demo_event *e = &demo->events[i];
        if (terminal.columns >= 100)
            put_line(" %7.2f s  epoch %-4llu %-8s %-22.22s %s", (double)e->at_ms / 1000,
                     (unsigned long long)e->epoch, e->peer, e->code, e->text);
        else
            put_line(" %5.1f %-7s %-14.14s %s", (double)e->at_ms / 1000, e->peer, e->code, e->text);
    }
}

/* The peer that is asked: the last one that answers, which is the witness while it does. */
static const struct demo_peer *find_witness(const struct demo *demo)
{
    if (demo->peers[demo->witness].now.reachable) return &demo->peers[demo->witness];
    for (uint32_t i = demo->options.peer_count; i-- > 0;)
        if (demo->peers[i].now.reachable && !demo->peers[i].now.behind) return &demo->peers[i];
    return NULL;
}

static void draw_table(const struct demo *demo, const struct demo_peer *seen_by)
{
    const struct demo_reading *now = &seen_by->now;
    put_line(" epoch %llu  height %llu  last close %s  caps: operator %s, vendor %s",
             (unsigned long long)now->epoch, (unsigned long long)now->height,
             now->certified ? "certified" : "held", now->operator_cap_met ? "met" : "NOT met",
             now->vendor_cap_met ? "met" : "NOT met");
    put_line("%s", "");
    put_line(" %-8s %-12s %-*s %5s %6s %3s  %-8s %s", "peer", "standing", bar_cells(), "score", "",
             "weight", "inc", "process", "last reason");
    for (uint32_t i = 0; i < demo->options.peer_count; i++) {
        const struct demo_member *member = demo_member_of(seen_by, demo->peers[i].name);
        if (member != NULL) draw_member(&demo->peers[i], member);
    }
}

void demo_view_draw(const struct demo *demo)
{
    const struct demo_peer *seen_by = find_witness(demo);
    terminal = cli_terminal_look();
    (void)fputs("\x1b[H", stdout);
    put_line(" Assay, INSECURE (development): %u %s, %s", (unsigned)demo->options.peer_count,
             demo->options.story->title,
             demo->options.tpm ? "quotes of software TPMs" : "SOFT quotes");
    for (uint32_t i = 0; i < demo->options.peer_count; i++)
        if (demo->peers[i].http_port != 0)
            put_line(" the page: http://127.0.0.1:%u/", demo->peers[i].http_port);
    put_line(" %s", demo->chapter != NULL ? demo->chapter : "starting");
    put_line("%s", "");
    if (seen_by != NULL) draw_table(demo, seen_by);
    put_line("%s", "");
    draw_events(demo);
    (void)fputs("\x1b[J", stdout);
    (void)fflush(stdout);
}
