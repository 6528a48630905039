/*
 * tests/unit/apps/test_demo_view.c - tests of the demo's live view, in terminals of several sizes.
 *
 * Members are read from documents as a daemon sends them (apps/demo/member.c); frames are drawn
 * into memory (apps/demo/view.c).
 */
#include "apps/demo/demo.h"
#include "net/json/json.h"

#include <criterion/criterion.h>
#include <stdlib.h>
#include <string.h>

enum { FRAME_MAX = 1 << 15, LINES_MAX = 128, PEERS = 7 };

static const struct demo_story story = { .title = "peers of a test" };
static struct demo demo; /* large */
static char frame[FRAME_MAX];
static char *lines[LINES_MAX]; /* of the frame, without escapes */
static int line_count;

/* ------------------------------------------------------------ a network */

#define NODE(name, standing, reasons)                                                              \
    "{\"name\":\"" name "\",\"standing\":\"" standing                                              \
    "\",\"stage\":\"member\",\"score_bp\":10000,\"weight\":1000,\"incarnation\":1,"                \
    "\"last_reason\":\"mrenclave: not in the policy\",\"reasons\":[" reasons "]}"

static void set_member(uint32_t index, const char *document)
{
    struct assay_json *node = NULL;
    struct demo_reading *const now = &demo.peers[demo.witness].now;
    cr_assert_eq(assay_json_parse(document, strlen(document), &node), ASSAY_OK);
    demo_member_read(&now->members[index], node);
    assay_json_free(&node);
}

static void make_network(uint32_t peers)
{
    memset(&demo, 0, sizeof demo);
    demo.options = (struct demo_options){ .story = &story, .peer_count = peers };
    demo.witness = peers - 1;
    demo.peers[demo.witness].now =
        (struct demo_reading){ .reachable = true, .epoch = 20, .member_count = peers };
    demo.peers[demo.witness].http_port = 8080;
    for (uint32_t i = 0; i < peers; i++) {
        char document[512];
        (void)snprintf(demo.peers[i].name, sizeof demo.peers[i].name, "peer-%u", (unsigned)i + 1);
        (void)snprintf(document, sizeof document, NODE("peer-%u", "FULL", ""), (unsigned)i + 1);
        demo.peers[i].pid = 1000;
        set_member(i, document);
    }
}

static void add_event(const char *code, const char *text)
{
    struct demo_event *const e = &demo.events[demo.event_count++];
    *e = (struct demo_event){ .at_ms = 1000 * demo.event_count, .epoch = demo.event_count };
    (void)snprintf(e->peer, sizeof e->peer, "peer-%zu", demo.event_count % PEERS + 1);
    (void)snprintf(e->code, sizeof e->code, "%s", code);
    (void)snprintf(e->text, sizeof e->text, "%s", text);
}

static void setup(void)
{
    make_network(PEERS);
}

TestSuite(demo_view, .init = setup, .timeout = 120);

/* ------------------------------------------------------------ frames */

static void strip_escapes(char *text)
{
    char *to = text;
    for (const char *c = text; *c != '\0';) {
        if (*c == '\x1b') c += strcspn(c, "HKJm") + 1;
        else *to++ = *c++;
    }
    *to = '\0';
}

/* Every frame fits its terminal, whatever it shows. */
static void draw(int columns, int rows)
{
    const struct assay_terminal terminal = { .columns = columns, .lines = rows };
    FILE *const out = fmemopen(frame, sizeof frame, "w");
    cr_assert_not_null(out);
    demo_view_frame(&demo, &terminal, out);
    (void)fclose(out);
    strip_escapes(frame);
    line_count = 0;
    for (char *line = frame, *end = NULL; (end = strchr(line, '\n')) != NULL; line = end + 1) {
        *end = '\0';
        if (line == end) continue;
        cr_assert_lt(line_count, LINES_MAX);
        cr_expect_leq(strlen(line), (size_t)columns, "%d columns: %s", columns, line);
        lines[line_count++] = line;
    }
}

static int count_newlines(int columns, int rows)
{
    const struct assay_terminal terminal = { .columns = columns, .lines = rows };
    int count = 0;
    FILE *const out = fmemopen(frame, sizeof frame, "w");
    cr_assert_not_null(out);
    demo_view_frame(&demo, &terminal, out);
    (void)fclose(out);
    for (const char *c = frame; *c != '\0'; c++)
        count += *c == '\n';
    return count;
}

static const char *find_line(const char *text)
{
    for (int i = 0; i < line_count; i++)
        if (strstr(lines[i], text) != NULL) return lines[i];
    return "";
}

static int count_with(const char *text)
{
    int count = 0;
    for (int i = 0; i < line_count; i++)
        count += strstr(lines[i], text) != NULL;
    return count;
}

Test(demo_view, gives_no_reason_for_a_member_that_is_full_again)
{
    /* Its score still rises: the fall is why it is below 100 %, but nothing holds it back. */
    set_member(0, NODE("peer-1", "FULL",
                       "{\"about\":\"integrity\",\"text\":\"fell: fails hard\",\"epoch\":9}"));
    draw(120, 48);
    cr_expect_str_neq(find_line(" peer-1 "), "");
    cr_expect_str_eq(find_line("mrenclave"), "");
    cr_expect_str_eq(find_line("fails hard"), "");
}

Test(demo_view, gives_the_fall_of_a_member_that_recovers)
{
    set_member(0, NODE("peer-1", "RESTRICTED",
                       "{\"about\":\"integrity\",\"text\":\"fell: fails hard\",\"epoch\":9}"));
    draw(120, 48);
    cr_expect(strstr(find_line(" peer-1 "), "fell: fails hard (epoch 9)") != NULL);
    cr_expect_str_eq(find_line("mrenclave"), "");
}

/* The standing of a member that is only away is SUSPENDED, too. */
Test(demo_view, gives_the_condition_of_a_member_that_is_away)
{
    static const struct {
        const char *stage, *condition;
    } away[] = { { "member", "OFFLINE" },
                 { "resting", "DRAINED" },
                 { "member", "MAINTENANCE" },
                 { "left", "LEFT" } };
    for (size_t i = 0; i < sizeof away / sizeof away[0]; i++) {
        char document[512];
        (void)snprintf(document, sizeof document,
                       "{\"name\":\"peer-1\",\"standing\":\"SUSPENDED\",\"stage\":\"%s\","
                       "\"condition\":\"%s\",\"score_bp\":0}",
                       away[i].stage, away[i].condition);
        set_member(0, document);
        draw(120, 48);
        cr_expect(strstr(find_line(" peer-1 "), away[i].condition) != NULL, "%s",
                  find_line(" peer-1 "));
        cr_expect(strstr(find_line(" peer-1 "), "SUSPENDED") == NULL);
        cr_expect_eq(strstr(find_line(" peer-1 "), "0 %") - find_line(" peer-1 "),
                     strstr(find_line(" peer-2 "), "100 %") + 2 - find_line(" peer-2 "),
                     "columns stay where they are");
    }
}

Test(demo_view, gives_what_fails_now_before_what_fell)
{
    static const char judged[] =
        NODE("peer-1", "%s",
             "{\"about\":\"integrity\",\"text\":\"fell: fails hard\",\"epoch\":9},"
             "{\"about\":\"judgement\",\"text\":\"mrenclave: not in the policy\",\"epoch\":20}");
    static const char *const standings[] = { "SUSPENDED", "FULL" };
    for (int i = 0; i < 2; i++) {
        char document[512];
        (void)snprintf(document, sizeof document, judged, standings[i]);
        set_member(0, document);
        draw(120, 48);
        cr_expect(strstr(find_line(" peer-1 "), "mrenclave: not in the policy") != NULL);
        cr_expect_str_eq(find_line("fails hard"), "");
    }
}

Test(demo_view, puts_a_long_reason_below_its_member)
{
    set_member(0, NODE("peer-1", "SUSPENDED",
                       "{\"about\":\"judgement\",\"text\":"
                       "\"report-data: evidence of something else than this epoch\"}"));
    draw(80, 24);
    cr_expect(strstr(find_line(" peer-1 "), "report-data") == NULL);
    cr_expect_str_eq(find_line("report-data"),
                     "          report-data: evidence of something else than this epoch");
}

Test(demo_view, shows_names_and_texts_of_events_in_full)
{
    static const char text[] =
        "from FULL to SUSPENDED (its evidence fails hard): mrenclave 0123456789abcdef is not "
        "accepted by the policy in force since epoch 3";
    static const int columns[] = { 80, 120, 200 };
    for (int i = 0; i < 3; i++) {
        char all[FRAME_MAX] = "";
        make_network(PEERS);
        add_event("evidence_not_for_this_epoch", text);
        draw(columns[i], 24);
        cr_expect_str_neq(find_line("evidence not for this epoch"), "");
        /* The words of the text, in order, over as many lines as it takes. */
        bool within = false;
        for (int k = 0; k < line_count; k++) {
            const char *line = strstr(lines[k], "from FULL");
            within = within || line != NULL;
            if (line == NULL) line = lines[k] + strspn(lines[k], " ");
            if (within)
                (void)snprintf(all + strlen(all), sizeof all - strlen(all), "%s%s",
                               all[0] != '\0' ? " " : "", line);
        }
        cr_expect_str_eq(all, text);
    }
}

Test(demo_view, fills_a_tall_terminal_with_events_and_fits_a_low_one)
{
    for (int i = 0; i < 100; i++)
        add_event("standing_changed", "short");
    cr_expect_eq(count_newlines(120, 48), 47);
    draw(120, 48);
    cr_expect_eq(count_with("standing changed"), 47 - 15);
    cr_expect(strstr(lines[line_count - 1], "100.00 s") != NULL, "the newest is the last line");
    cr_expect_eq(count_newlines(80, 24), 23);
    draw(80, 24);
    cr_expect_eq(count_with("standing changed"), 23 - 15);
    cr_expect(strstr(lines[line_count - 1], "100.0 ") != NULL);
    cr_expect_eq(count_newlines(60, 10), 9);
    cr_expect_eq(count_newlines(20, 2), 1);
}

Test(demo_view, leaves_out_members_that_are_full_where_not_all_fit)
{
    make_network(DEMO_PEERS_MAX);
    for (int i = 0; i < 10; i++)
        add_event("standing_changed", "short");
    set_member(DEMO_PEERS_MAX - 1,
               NODE("peer-20", "SUSPENDED", "{\"about\":\"judgement\",\"text\":\"absent\"}"));
    draw(80, 24);
    cr_expect_str_neq(find_line(" peer-20 "), "");
    cr_expect_str_neq(find_line(" peer-1 "), "");
    cr_expect_str_eq(find_line(" peer-19 "), "");
    cr_expect_str_neq(find_line("more in a taller terminal"), "");
    cr_expect_geq(count_with("standing changed"), 3);
    draw(80, 48);
    cr_expect_str_neq(find_line(" peer-19 "), "");
    cr_expect_str_eq(find_line("more in a taller terminal"), "");
}
