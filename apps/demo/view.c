/*
 * apps/demo/view.c - the live view: one table in the terminal, drawn with ANSI escapes.
 *
 * Standings have a glyph each, so that colour is never the only sign; NO_COLOR is obeyed.
 */
#include "apps/demo/demo.h"

#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <unistd.h>

enum { VIEW_EVENTS = 12 };

static bool colours;
static int columns; /* of the terminal; lines are cut to it, never wrapped */

void demo_view_open(const struct demo *demo)
{
    (void)demo;
    colours = getenv("NO_COLOR") == NULL;
    (void)fputs("\x1b[?1049h\x1b[?25l", stdout); /* another screen, no cursor */
    (void)fflush(stdout);
}

void demo_view_close(void)
{
    (void)fputs("\x1b[?25h\x1b[?1049l", stdout);
    (void)fflush(stdout);
}

static const char *glyph(const char *standing)
{
    if (strcmp(standing, "FULL") == 0) return "\xe2\x97\x8f";       /* filled circle */
    if (strcmp(standing, "WARNING") == 0) return "\xe2\x96\xb2";    /* triangle */
    if (strcmp(standing, "RESTRICTED") == 0) return "\xe2\x97\x86"; /* diamond */
    if (strcmp(standing, "SUSPENDED") == 0) return "\xe2\x96\xa0";  /* square */
    return "?";
}

static const char *colour(const char *standing)
{
    if (!colours) return "";
    if (strcmp(standing, "FULL") == 0) return "\x1b[36m";
    if (strcmp(standing, "WARNING") == 0) return "\x1b[33m";
    if (strcmp(standing, "RESTRICTED") == 0) return "\x1b[35m";
    if (strcmp(standing, "SUSPENDED") == 0) return "\x1b[31m";
    return "";
}

static const char *plain(void)
{
    return colours ? "\x1b[0m" : "";
}

static void draw_bar(uint32_t score_bp)
{
    const uint32_t filled = score_bp / 500;
    for (uint32_t i = 0; i < 20; i++)
        (void)fputs(i < filled ? "\xe2\x96\x88" : "\xc2\xb7", stdout);
}

static int room(int used)
{
    return columns > used ? columns - used : 0;
}

static void draw_member(const struct demo_peer *peer, const struct demo_member *m)
{
    enum { FIXED_COLUMNS = 76 };
    const char *process = peer->pid == 0 ? "down" : peer->now.reachable ? "up" : "starting";
    char reason[sizeof m->reason + 16];
    (void)snprintf(reason, sizeof reason, "%s%s", m->probation ? "on probation; " : "", m->reason);
    (void)printf(" %-8s %s%s %-10s%s ", m->name, colour(m->standing), glyph(m->standing),
                 m->standing, plain());
    draw_bar(m->score_bp);
    (void)printf(" %3u %%  %6u  %3u  %-8s %.*s\x1b[K\n", (unsigned)m->score_bp / 100,
                 (unsigned)m->weight, (unsigned)m->incarnation, process, room(FIXED_COLUMNS),
                 reason);
}

static void draw_events(const struct demo *demo)
{
    enum { FIXED_COLUMNS = 56 };
    const size_t shown = demo->event_count < VIEW_EVENTS ? demo->event_count : VIEW_EVENTS;
    for (size_t i = demo->event_count - shown; i < demo->event_count; i++) {
        const struct demo_event *e = &demo->events[i];
        (void)printf(" %7.2f s  epoch %-4llu %-8s %-22.22s %.*s\x1b[K\n", (double)e->at_ms / 1000,
                     (unsigned long long)e->epoch, e->peer, e->code, room(FIXED_COLUMNS), e->text);
    }
}

/* The peer that is asked: the last one that answers, which is the witness while it does. */
static const struct demo_peer *eyes(const struct demo *demo)
{
    for (uint32_t i = demo->options.peer_count; i-- > 0;)
        if (demo->peers[i].now.reachable) return &demo->peers[i];
    return NULL;
}

static void draw_table(const struct demo *demo, const struct demo_peer *seen_by)
{
    const struct demo_reading *now = &seen_by->now;
    (void)printf(" epoch %llu   height %llu   last close %s   caps: operator %s, vendor %s\x1b[K\n",
                 (unsigned long long)now->epoch, (unsigned long long)now->height,
                 now->certified ? "certified" : "held", now->operator_cap_met ? "met" : "NOT met",
                 now->vendor_cap_met ? "met" : "NOT met");
    (void)printf("\x1b[K\n %-8s %-12s %-20s %5s  %6s  %3s  %-8s %s\x1b[K\n", "peer", "standing",
                 "score", "", "weight", "inc", "process", "last reason");
    for (uint32_t i = 0; i < demo->options.peer_count; i++) {
        const struct demo_member *member = demo_member_of(seen_by, demo->peers[i].name);
        if (member != NULL) draw_member(&demo->peers[i], member);
    }
}

void demo_view_draw(const struct demo *demo)
{
    const struct demo_peer *seen_by = eyes(demo);
    struct winsize size = { 0 };
    columns = ioctl(STDOUT_FILENO, TIOCGWINSZ, &size) == 0 && size.ws_col > 0 ? size.ws_col : 80;

    (void)fputs("\x1b[H", stdout);
    (void)printf(" Assay: %u enclaves judging one another by %s    profile development: "
                 "INSECURE\x1b[K\n",
                 (unsigned)demo->options.peer_count,
                 demo->options.tpm ? "software TPMs" : "SOFT quotes");
    (void)printf(" %s\x1b[K\n\x1b[K\n", demo->chapter != NULL ? demo->chapter : "starting");
    if (seen_by != NULL) draw_table(demo, seen_by);
    (void)fputs("\x1b[K\n", stdout);
    draw_events(demo);
    (void)fputs("\x1b[J", stdout);
    (void)fflush(stdout);
}
