/*
 * apps/demo/view.c - live view: a table of peers, and below it the newest events.
 *
 * A frame has the size of the terminal. Terminal capabilities come from
 * apps/assay/core/terminal.h: signs, colours, plain ASCII.
 */
#include "apps/assay/core/terminal.h"
#include "apps/demo/demo.h"

#include <stdarg.h>
#include <string.h>

enum {
    LINE_LEN_MAX = 1024,
    BAR_MAX = 20,
    WIDE = 100,      /* columns from which epochs and event names have columns of their own */
    EVENTS_MIN = 3,  /* lines that peers leave to events */
    ROW_COLUMNS = 52 /* of a row, without its bar and its reason */
};

struct view {
    const struct demo *demo;
    struct assay_terminal terminal;
    FILE *out;
    int line; /* lines of the frame drawn so far */
};

struct row {
    const struct demo_peer *peer;
    const struct demo_member *member;
    const char *reason; /* "": none holds */
    bool below;         /* the reason follows on lines of its own */
};

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

/* ------------------------------------------------------------ lines */

/* The last line of the terminal stays empty: a newline there would scroll. */
static int lines_left(const struct view *v)
{
    return v->terminal.lines - 1 - v->line;
}

__attribute__((format(printf, 2, 3))) static void put_line(struct view *v, const char *format, ...)
{
    char line[LINE_LEN_MAX];
    va_list args;
    if (lines_left(v) <= 0) return;
    va_start(args, format);
    (void)vsnprintf(line, sizeof line, format, args);
    va_end(args);
    cli_terminal_put(&v->terminal, line, v->out);
    (void)fputs("\x1b[K\n", v->out);
    v->line++;
}

/* Columns of a text that begins behind an indent. */
static size_t text_width(const struct view *v, size_t indent)
{
    const size_t columns = (size_t)v->terminal.columns;
    return columns > indent + 16 ? columns - indent : 16;
}

/* Returns: bytes of the text that one line takes; a break is at a space where there is one. */
static size_t piece_of(const char *text, size_t width)
{
    size_t len = width;
    if (strlen(text) <= width) return strlen(text);
    while (len > 0 && text[len] != ' ')
        len--;
    if (len > 0) return len;
    for (len = width; len > 1 && ((unsigned char)text[len] & 0xc0) == 0x80;)
        len--; /* no character is split */
    return len;
}

static int count_lines(const char *text, size_t width)
{
    int lines = 1;
    for (size_t len = piece_of(text, width); text[len] != '\0'; len = piece_of(text, width)) {
        text += len + strspn(text + len, " ");
        lines++;
    }
    return lines;
}

/* The head, and the text behind it on as many lines as it takes. */
static void put_text(struct view *v, const char *head, const char *text)
{
    const size_t indent = strlen(head), width = text_width(v, indent);
    for (bool first = true; first || *text != '\0'; first = false) {
        const size_t len = piece_of(text, width);
        put_line(v, "%*s%.*s", (int)indent, first ? head : "", (int)len, text);
        text += len + strspn(text + len, " ");
    }
}

/* ------------------------------------------------------------ peers */

/* Shorter where there is little room. */
static int bar_cells(const struct view *v)
{
    const int columns = v->terminal.columns;
    return columns >= WIDE ? BAR_MAX : columns >= 80 ? BAR_MAX / 2 : BAR_MAX / 4;
}

static bool is_serving(const struct demo_member *m)
{
    return m->stage[0] == '\0' || strcmp(m->stage, "member") == 0;
}

static bool is_full(const struct demo_member *m)
{
    return is_serving(m) && strcmp(m->condition, "FULL") == 0;
}

/* What lowered a score is past for a member that is FULL again. */
static const char *reason_of(const struct demo_member *m)
{
    return is_serving(m) && (m->failing || !is_full(m)) ? m->reason : "";
}

static void draw_row(struct view *v, const struct row *row)
{
    char cells[3 * BAR_MAX + 1];
    const struct demo_member *const m = row->member;
    const struct assay_terminal *const t = &v->terminal;
    const char *process = row->peer->pid == 0        ? "down"
                          : row->peer->now.reachable ? "up"
                                                     : "starting";
    const char *status = m->condition;
    put_line(v, " %-8s %s%s %-11s%s %s %3u %% %6u %3u  %-8s %s%s", m->name,
             cli_terminal_colour(t, status), cli_terminal_glyph(t, status), status,
             cli_terminal_plain(t), cli_terminal_bar(t, m->score_bp, (unsigned)bar_cells(v), cells),
             (unsigned)m->score_bp / 100, (unsigned)m->weight, (unsigned)m->incarnation, process,
             m->probation && is_serving(m) ? "on probation; " : "", row->below ? "" : row->reason);
    if (row->below) put_text(v, "          ", row->reason);
}

static uint32_t collect_rows(const struct view *v, const struct demo_peer *seen_by,
                             struct row rows[static DEMO_PEERS_MAX])
{
    uint32_t count = 0;
    for (uint32_t i = 0; i < v->demo->options.peer_count; i++) {
        const struct demo_peer *const peer = &v->demo->peers[i];
        const struct demo_member *const member = demo_member_of(seen_by, peer->name);
        if (member != NULL) rows[count++] = (struct row){ peer, member, reason_of(member), false };
    }
    return count;
}

/* Rows that are FULL and without a reason go first, and of those the last. Returns: rows left. */
static uint32_t drop_rows(struct row rows[static DEMO_PEERS_MAX], uint32_t count, uint32_t room)
{
    while (count > room) {
        uint32_t at = count - 1;
        for (uint32_t i = count; i-- > 0;)
            if (is_full(rows[i].member) && rows[i].reason[0] == '\0') {
                at = i;
                break;
            }
        count--;
        for (; at < count; at++)
            rows[at] = rows[at + 1];
    }
    return count;
}

static void draw_rows(struct view *v, const struct demo_peer *seen_by)
{
    struct row rows[DEMO_PEERS_MAX];
    const uint32_t all = collect_rows(v, seen_by, rows);
    const int reason_columns = v->terminal.columns - ROW_COLUMNS - bar_cells(v);
    int room = lines_left(v) - 1 - EVENTS_MIN;
    if (room < 1) room = 1;
    const uint32_t count = all <= (uint32_t)room ? all : drop_rows(rows, all, (uint32_t)room - 1);
    room -= (int)count + (count < all);
    for (uint32_t i = 0; i < count; i++) {
        const int probation = rows[i].member->probation ? (int)strlen("on probation; ") : 0;
        const int lines = count_lines(rows[i].reason, text_width(v, 10));
        rows[i].below = (int)strlen(rows[i].reason) + probation > reason_columns && lines <= room;
        if (rows[i].below) room -= lines;
        draw_row(v, &rows[i]);
    }
    if (count < all) put_line(v, " %u more in a taller terminal", (unsigned)(all - count));
}

static void draw_table(struct view *v, const struct demo_peer *seen_by)
{
    const struct demo_reading *now = &seen_by->now;
    char text[DEMO_TEXT];
    (void)snprintf(text, sizeof text,
                   "epoch %llu  height %llu  last close %s  caps: operator %s, vendor %s",
                   (unsigned long long)now->epoch, (unsigned long long)now->height,
                   now->certified ? "certified" : "held", now->operator_cap_met ? "met" : "NOT met",
                   now->vendor_cap_met ? "met" : "NOT met");
    put_text(v, " ", text);
    put_line(v, "%s", "");
    put_line(v, " %-8s %-13s %-*s %5s %6s %3s  %-8s %s", "peer", "condition", bar_cells(v), "score",
             "", "weight", "inc", "process", "reason");
    draw_rows(v, seen_by);
}

/* ------------------------------------------------------------ events */

struct event_text {
    char head[96];
    char text[sizeof(((struct demo_event *)NULL)->code) + DEMO_TEXT + 4];
};

/* "standing_changed" as words. */
static void put_words(char *to, size_t size, const char *code)
{
    (void)snprintf(to, size, "%s", code);
    for (char *c = to; *c != '\0'; c++)
        if (*c == '_') *c = ' ';
}

static void format_event(const struct view *v, const struct demo_event *e, size_t code_width,
                         struct event_text *out)
{
    char words[sizeof e->code];
    const double at_s = (double)e->at_ms / 1000;
    put_words(words, sizeof words, e->code);
    if (v->terminal.columns >= WIDE) {
        (void)snprintf(out->head, sizeof out->head, " %7.2f s  epoch %-4llu %-8s %-*s ", at_s,
                       (unsigned long long)e->epoch, e->peer, (int)code_width, words);
        (void)snprintf(out->text, sizeof out->text, "%s", e->text);
    } else {
        (void)snprintf(out->head, sizeof out->head, " %6.1f %-8s ", at_s, e->peer);
        (void)snprintf(out->text, sizeof out->text, "%s%s%s", words, e->text[0] != '\0' ? ": " : "",
                       e->text);
    }
}

/* Of the newest events, as many as there are lines. */
static size_t longest_code(const struct view *v)
{
    const struct demo *const demo = v->demo;
    size_t longest = 0, left = (size_t)lines_left(v);
    for (size_t i = demo->event_count; i-- > 0 && left-- > 0;)
        if (strlen(demo->events[i].code) > longest) longest = strlen(demo->events[i].code);
    return longest;
}

/* The newest ones, in full; the last of them also where it is longer than what is left. */
static void draw_events(struct view *v)
{
    struct event_text text;
    const struct demo *const demo = v->demo;
    int left = lines_left(v);
    size_t first = demo->event_count;
    if (left <= 0) return;
    const size_t code_width = longest_code(v);
    while (first > 0) {
        format_event(v, &demo->events[first - 1], code_width, &text);
        left -= count_lines(text.text, text_width(v, strlen(text.head)));
        if (left < 0 && first < demo->event_count) break;
        first--;
    }
    for (size_t i = first; i < demo->event_count; i++) {
        format_event(v, &demo->events[i], code_width, &text);
        put_text(v, text.head, text.text);
    }
}

/* ------------------------------------------------------------ a frame */

/* The peer that is asked: the last one that answers, which is the witness while it does. */
static const struct demo_peer *find_witness(const struct demo *demo)
{
    if (demo->peers[demo->witness].now.reachable) return &demo->peers[demo->witness];
    for (uint32_t i = demo->options.peer_count; i-- > 0;)
        if (demo->peers[i].now.reachable && !demo->peers[i].now.behind) return &demo->peers[i];
    return NULL;
}

void demo_view_frame(const struct demo *demo, const struct assay_terminal *terminal, FILE *out)
{
    char title[DEMO_TEXT];
    struct view v = { .demo = demo, .terminal = *terminal, .out = out };
    const struct demo_peer *seen_by = find_witness(demo);
    (void)fputs("\x1b[H", out);
    (void)snprintf(title, sizeof title, "Assay, INSECURE (development): %u %s, %s",
                   (unsigned)demo->options.peer_count, demo->options.story->title,
                   demo->options.tpm ? "quotes of software TPMs" : "SOFT quotes");
    put_text(&v, " ", title);
    for (uint32_t i = 0; i < demo->options.peer_count; i++)
        if (demo->peers[i].http_port != 0)
            put_line(&v, " the page: http://127.0.0.1:%u/", demo->peers[i].http_port);
    put_text(&v, " ", demo->chapter != NULL ? demo->chapter : "starting");
    put_line(&v, "%s", "");
    if (seen_by != NULL) draw_table(&v, seen_by);
    put_line(&v, "%s", "");
    draw_events(&v);
    (void)fputs("\x1b[J", out);
    (void)fflush(out);
}

void demo_view_draw(const struct demo *demo)
{
    const struct assay_terminal terminal = cli_terminal_look();
    demo_view_frame(demo, &terminal, stdout);
}
