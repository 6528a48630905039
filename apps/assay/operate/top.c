/*
 * apps/assay/operate/top.c - `assay top`: monitor of a network in a terminal, refreshed every
 * second.
 *
 * First the sentence, then what may still fail, then the members. 60 columns are enough. Where the
 * daemon does not answer the last picture stands with its age before everything else.
 */
#include "apps/assay/core/command.h"
#include "apps/assay/core/daemon_request.h"
#include "apps/assay/core/option_values.h"
#include "apps/assay/core/terminal.h"
#include "base/system_clock.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { ROWS_MAX = 1024, CELLS = 8, WIDE = 80, LINE_MAX_LEN = 1024, ESCAPE = 27 };

enum order { BY_SLOT, BY_SCORE, BY_WEIGHT, BY_NAME, ORDERS };
static const char *const order_names[ORDERS] = { "slot", "score", "weight", "name" };

struct top {
    struct assay_daemon_request q;
    unsigned every_ms;
    bool once;
    enum order order;
    bool reversed;
    struct assay_terminal terminal;
    struct assay_json *status, *nodes; /* the newest that came */
    uint64_t came_ms;                  /* when; 0: never */
    int trouble;                       /* exit status of the last question */
    int line;                          /* of the frame being drawn */
};

/* ------------------------------------------------------------ lines */

__attribute__((format(printf, 2, 3))) static void put(struct top *t, const char *format, ...)
{
    char line[LINE_MAX_LEN];
    va_list args;
    if (!t->once && t->line >= t->terminal.lines - 1) return;
    va_start(args, format);
    (void)vsnprintf(line, sizeof line, format, args);
    va_end(args);
    cli_terminal_put(&t->terminal, line, stdout);
    (void)fputs(t->once ? "\n" : "\x1b[K\r\n", stdout);
    t->line++;
}

/* A text over as many lines as it takes. */
static void put_text(struct top *t, const char *text)
{
    const size_t width = (size_t)(t->terminal.columns > 20 ? t->terminal.columns - 1 : 20);
    char line[LINE_MAX_LEN] = "";
    size_t len = 0;
    while (*text != '\0') {
        const size_t word = strcspn(text, " ");
        if (len > 0 && (len + 1 + word > width || len + word + 2 > sizeof line)) {
            put(t, "%s", line);
            len = 0;
        }
        len += (size_t)snprintf(line + len, sizeof line - len, "%s%.*s", len > 0 ? " " : "",
                                (int)(word < 400 ? word : 400), text);
        text += word + (text[word] == ' ' ? 1 : 0);
    }
    if (len > 0) put(t, "%s", line);
}

/* ------------------------------------------------------------ members */

static const struct top *sorting; /* qsort has no argument of ours */

static int compare_rows(const void *a, const void *b)
{
    const struct assay_json *const x = *(const struct assay_json *const *)a;
    const struct assay_json *const y = *(const struct assay_json *const *)b;
    const char *const key = sorting->order == BY_SCORE ? "score_bp" : "weight";
    const unsigned long long slot_x = cli_number_of(x, "slot"), slot_y = cli_number_of(y, "slot");
    int result = 0;
    if (sorting->order == BY_NAME) {
        result = strcmp(assay_json_text(x, "name", ""), assay_json_text(y, "name", ""));
    } else if (sorting->order != BY_SLOT) {
        const unsigned long long m = cli_number_of(x, key), n = cli_number_of(y, key);
        result = m < n ? -1 : m > n;
    }
    if (result == 0) result = slot_x < slot_y ? -1 : slot_x > slot_y; /* always the same order */
    return sorting->reversed ? -result : result;
}

/* Too narrow for words behind the numbers: they get a line of their own. */
static bool is_narrow(const struct top *t)
{
    return t->terminal.columns < WIDE;
}

static void put_node(struct top *t, const struct assay_json *n)
{
    char bar[3 * CELLS + 1], why[256];
    const struct assay_json *const reason = assay_json_at(assay_json_get(n, "reasons"), 0);
    const char *const condition = cli_condition_of(n), *const recovery = cli_recovery_of(n);
    const bool is_drained = strcmp(condition, "DRAINED") == 0;
    const unsigned long long bp = cli_number_of(n, "score_bp");
    const int len = snprintf(why, sizeof why, "%s%s%s",
                             is_drained ? "by the operators" : cli_text_of(reason, "text", ""),
                             recovery[0] != '\0' ? "; " : "", recovery);
    cli_text_mark_cut(why, sizeof why, len);
    put(t, "%4llu %-14.14s %s%s %-11s%s %s %3llu.%02llu %% %5llu  %s", cli_number_of(n, "slot"),
        cli_text_of(n, "name", "?"), cli_terminal_colour(&t->terminal, condition),
        cli_terminal_glyph(&t->terminal, condition), condition, cli_terminal_plain(&t->terminal),
        cli_terminal_bar(&t->terminal, bp, CELLS, bar), bp / 100, bp % 100,
        cli_number_of(n, "weight"), is_narrow(t) ? "" : why);
    if (is_narrow(t) && why[0] != '\0') put(t, "     %s", why);
}

static void put_nodes(struct top *t)
{
    const struct assay_json *rows[ROWS_MAX];
    const struct assay_json *const nodes =
        assay_json_get(assay_json_get(t->nodes, "data"), "nodes");
    size_t count = assay_json_count(nodes);
    if (count > ROWS_MAX) count = ROWS_MAX;
    for (size_t i = 0; i < count; i++)
        rows[i] = assay_json_at(nodes, i);
    sorting = t;
    qsort(rows, count, sizeof(struct assay_json *), compare_rows);
    put(t, "%4s %-14s %-13s %-8s %8s %5s  %s", "SLOT", "NODE", "CONDITION", "", "SCORE", "WGHT",
        is_narrow(t) ? "" : "REASON");
    for (size_t i = 0; i < count; i++)
        put_node(t, rows[i]);
}

/* ------------------------------------------------------------ a frame */

static void put_status(struct top *t)
{
    const struct assay_json *const d = assay_json_get(t->status, "data");
    const struct assay_json *const tolerance = assay_json_get(d, "tolerance");
    const struct assay_json *const advice = assay_json_get(d, "advice");
    put_text(t, assay_json_text(d, "sentence", "?"));
    if (assay_json_bool(d, "insecure", false)) put(t, "INSECURE: development");
    if (assay_json_count(assay_json_get(d, "insecure_settings")) > 0)
        put(t, "INSECURE: settings that were accepted");
    put(t, "epoch %llu%s  height %llu  may fail %llu, be Byzantine %llu", cli_number_of(d, "epoch"),
        cli_when_of_epoch(d, cli_number_of(d, "epoch")), cli_number_of(d, "height"),
        cli_number_of(tolerance, "members_stop"), cli_number_of(tolerance, "members_break"));
    for (size_t i = 0; i < assay_json_count(advice); i++)
        put(t, "do: %s", cli_text_of(assay_json_at(advice, i), "text", "?"));
    put(t, "%s", "");
}

static void draw_screen(struct top *t)
{
    t->terminal = cli_terminal_look();
    t->line = 0;
    if (!t->once) (void)fputs("\x1b[H", stdout);
    if (t->trouble != ASSAY_EXIT_OK && t->came_ms == 0) put(t, "%s does not answer", t->q.socket);
    else if (t->trouble != ASSAY_EXIT_OK)
        put(t, "NO ANSWER for %llu s: what follows is old",
            (unsigned long long)((assay_monotonic_ms() - t->came_ms) / 1000));
    if (t->came_ms != 0) {
        put_status(t);
        put_nodes(t);
    }
    if (!t->once) {
        put(t, "%s", "");
        put(t, "q quit  s sort (%s%s)  r reverse", order_names[t->order],
            t->reversed ? ", reversed" : "");
        (void)fputs("\x1b[J", stdout);
    }
    (void)fflush(stdout);
    if (!t->once) clearerr(stdout); /* a signal interrupted it: the next frame is complete */
}

static enum assay_status ask_one(const struct top *t, const char *what, struct assay_json **kept)
{
    struct assay_json *document = NULL;
    ASSAY_TRY(assay_client_request(t->q.socket, what, t->q.timeout_ms, &document));
    assay_json_free(kept);
    *kept = document;
    return ASSAY_OK;
}

static void poll_node(struct top *t)
{
    enum assay_status status = ask_one(t, "status", &t->status);
    if (status == ASSAY_OK) status = ask_one(t, "nodes", &t->nodes);
    t->trouble = status == ASSAY_OK          ? ASSAY_EXIT_OK
                 : status == ASSAY_E_TIMEOUT ? ASSAY_EXIT_TIMEOUT
                                             : ASSAY_EXIT_UNREACHABLE;
    if (status == ASSAY_OK) t->came_ms = assay_monotonic_ms();
    else if (t->once) t->trouble = cli_daemon_report_unreachable(&t->q, status);
}

/* Returns: whether to go on. */
static bool handle_key(struct top *t, int key)
{
    if (key == 'q' || key == 'Q' || key == ESCAPE || key < 0) return false;
    if (key == 's') t->order = (enum order)((t->order + 1) % ORDERS);
    if (key == 'r') t->reversed = !t->reversed;
    return true;
}

static void run_live(struct top *t)
{
    uint64_t due_ms = 0;
    for (int key = 0; handle_key(t, key);) {
        const uint64_t now = assay_monotonic_ms();
        if (now >= due_ms) {
            poll_node(t);
            due_ms = assay_monotonic_ms() + t->every_ms;
        }
        draw_screen(t);
        const uint64_t at = assay_monotonic_ms();
        key = cli_screen_key(due_ms > at ? (int)(due_ms - at) : 0);
    }
}

int cli_command_top(int argc, char **argv)
{
    struct top t = { .q = cli_daemon_request("top"), .every_ms = 1000 };
    const struct cli_option_target targets[] = {
        ASSAY_DAEMON_TARGETS(&t.q),
        { "every", .ms = &t.every_ms },
        { "once", .flag = &t.once },
        { .name = NULL },
    };
    const int early = cli_options_read(argc, argv, targets);
    if (early >= 0) return early;
    if (t.once || !cli_screen_open()) {
        t.once = true; /* into a file or a pipe: one picture */
        poll_node(&t);
        if (t.trouble == ASSAY_EXIT_OK) draw_screen(&t);
    } else {
        run_live(&t);
        cli_screen_close();
        t.trouble = ASSAY_EXIT_OK;
    }
    assay_json_free(&t.status);
    assay_json_free(&t.nodes);
    return t.trouble;
}
