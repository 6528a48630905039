/*
 * tests/unit/sim/test_tally_file.c - files of `assay-sim tally` that are wrong, and thousands of
 * right ones against the slow reference of the scoring rules.
 */
#include "apps/sim/commands/tally.h"

#include "apps/sim/commands/command.h"
#include "base/bytes.h"
#include "base/file/file.h"
#include "sim/scenario/random.h"
#include "tests/support/scoring_reference.h"

#include <criterion/criterion.h>
#include <criterion/redirect.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

static struct assay_sim_tally t;
static char message[ASSAY_SIM_TALLY_MESSAGE_MAX];

static enum assay_status read_text(const char *text)
{
    message[0] = 0;
    return sim_tally_read(text, strlen(text), &t, message);
}

/* --- files that are wrong -------------------------------------------------------------------- */

#define MEMBER(more)                                                                               \
    "{\"operator\":\"o\",\"vendor\":\"v\",\"platform\":\"p\",\"I\":1,\"A\":2" more "}"
#define ID(name)               ",\"id\":\"" name "\""
#define FILE_OF(members, rest) "{\"members\":[" members "],\"outcomes\":{}" rest "}"

static const struct {
    const char *text;
    const char *message; /* how it begins */
} mistakes[] = {
    { "[]", "the file: expected an object, found []" },
    { "{}", "members: expected an array of 1 to 16384 members, found nothing" },
    { "{\"members\":[]}", "members: expected an array of 1 to 16384 members, found []" },
    { "{\"members\":{}}", "members: expected an array" },
    { "{\"members\":[],\"cap\":{}}", "the file: there is no key \"cap\"" },
    { FILE_OF("7", ""), "members[0]: expected an object, found 7" },
    { FILE_OF(MEMBER(""), ""), "members[0].id: expected a text of 1 to 128 bytes, found noth" },
    { FILE_OF(MEMBER(",\"id\":\"\""), ""), "members[0].id: expected a text of 1 to 128" },
    { FILE_OF(MEMBER(",\"id\":5"), ""), "members[0].id: expected a text of 1 to 128 bytes, fo" },
    { FILE_OF(MEMBER(ID("a\\u001b[2Jb")), ""),
      "members[0].id: expected a text without control characters, found \"a\\u001B[2Jb\"" },
    { FILE_OF(MEMBER(ID("a\x7f")), ""), "members[0].id: expected a text without control" },
    { FILE_OF(MEMBER(ID("a\xc2\x9b"
                        "2J")),
              ""),
      "members[0].id: expected a text without control" },
    { FILE_OF(MEMBER(ID("a\\n")), ""), "members[0].id: expected a text without control" },
    { FILE_OF(MEMBER(ID("a") ",\"weight\":3"), ""), "members[0]: there is no key \"weight\"" },
    { FILE_OF(MEMBER(ID("a")) "," MEMBER(ID("b")) "," MEMBER(ID("a")), ""),
      "members[2].id: \"a\" is the id of members[0] already" },
    { FILE_OF(MEMBER(ID("a") ",\"listed\":1"), ""),
      "members[0].listed: expected true or false, found 1" },
    { FILE_OF(MEMBER(ID("a") ",\"probation\":null"), ""),
      "members[0].probation: expected true or false, found null" },
    { FILE_OF(MEMBER(ID("a") ",\"voted\":\"yes\""), ""),
      "members[0].voted: expected true or false, found \"yes\"" },
    { FILE_OF(MEMBER(ID("a") ",\"offences\":-1"), ""),
      "members[0].offences: expected an integer of 0 to 1000, found -1" },
    { FILE_OF(MEMBER(ID("a") ",\"offences\":1001"), ""),
      "members[0].offences: expected an integer of 0 to 1000, found 1001" },
    { "{\"members\":[{\"id\":\"a\",\"operator\":\"o\",\"vendor\":\"v\",\"platform\":null,"
      "\"I\":10001,\"A\":0}]}",
      "members[0].I: expected an integer of 0 to 10000, found 10001" },
    { "{\"members\":[{\"id\":\"a\",\"operator\":\"o\",\"vendor\":\"v\",\"platform\":null,"
      "\"I\":1,\"A\":1.5}]}",
      "members[0].A: expected an integer of 0 to 10000, found 1.5" },
    { "{\"members\":[{\"id\":\"a\",\"operator\":\"o\",\"vendor\":\"v\",\"platform\":null,"
      "\"I\":1}]}",
      "members[0].A: expected an integer of 0 to 10000, found nothing" },
    { "{\"members\":[{\"id\":\"a\",\"operator\":\"o\",\"vendor\":\"v\",\"I\":1,\"A\":1}]}",
      "members[0].platform: expected a text, or null where it is masked" },
    { "{\"members\":[{\"id\":\"a\",\"operator\":\"o\",\"vendor\":\"v\",\"platform\":3}]}",
      "members[0].platform: expected a text of 1 to 128 bytes, found 3" },
    { "{\"members\":[{\"id\":\"a\",\"vendor\":\"v\",\"platform\":null}]}",
      "members[0].operator: expected a text" },
    { "{\"members\":[{\"id\":\"a\",\"operator\":\"o\",\"vendor\":[],\"platform\":null}]}",
      "members[0].vendor: expected a text of 1 to 128 bytes, found []" },
    { FILE_OF(MEMBER(ID("a")), ",\"caps\":[]"), "caps: expected an object, found []" },
    { FILE_OF(MEMBER(ID("a")), ",\"caps\":{\"platform\":[1,2]}"),
      "caps: there is no key \"platform\"" },
    { FILE_OF(MEMBER(ID("a")), ",\"caps\":{\"operator\":[101,100]}"),
      "caps.operator: expected a share of at most 1 over 1 to 10000, found [101,100]" },
    { FILE_OF(MEMBER(ID("a")), ",\"caps\":{\"vendor\":[0,0]}"),
      "caps.vendor: expected a share of at most 1 over 1 to 10000, found [0,0]" },
    { FILE_OF(MEMBER(ID("a")), ",\"caps\":{\"vendor\":[1,10001]}"),
      "caps.vendor: expected a share" },
    { FILE_OF(MEMBER(ID("a")), ",\"caps\":{\"vendor\":[-1,3]}"), "caps.vendor: expected a share" },
    { FILE_OF(MEMBER(ID("a")), ",\"caps\":{\"vendor\":[1]}"),
      "caps.vendor: expected two integers like [20, 100], found [1]" },
    { FILE_OF(MEMBER(ID("a")), ",\"caps\":{\"vendor\":0.33}"),
      "caps.vendor: expected two integers like [20, 100], found 0.3" },
    { "{\"members\":[" MEMBER(ID("a")) "]}",
      "outcomes: expected an object of voters, found nothing" },
    { "{\"members\":[" MEMBER(ID("a")) "],\"outcomes\":{\"z\":{}}}",
      "outcomes: \"z\" is no member" },
    { "{\"members\":[" MEMBER(ID("a")) "],\"outcomes\":{\"a\":[]}}",
      "outcomes[\"a\"]: expected an object, found []" },
    { "{\"members\":[" MEMBER(ID("a")) "],\"outcomes\":{\"a\":{\"z\":\"pass\"}}}",
      "outcomes[\"a\"]: \"z\" is no member" },
    { "{\"members\":[" MEMBER(ID("a")) "," MEMBER(ID("b")) "],"
                                                           "\"outcomes\":{\"a\":{\"b\":\"PASS\"}}}",
      "outcomes[\"a\"][\"b\"]: expected \"pass\", \"absent\", \"fail\" or \"none\", found "
      "\"PA" },
    { "{\"members\":[" MEMBER(ID("a")) "," MEMBER(ID("b")) "],\"outcomes\":{\"a\":{\"b\":1}}}",
      "outcomes[\"a\"][\"b\"]: expected" },
    { FILE_OF(MEMBER(ID("a")), ",\"faults\":[]"),
      "faults: expected an object of members, found []" },
    { FILE_OF(MEMBER(ID("a")), ",\"faults\":{\"z\":\"hard\"}"), "faults: \"z\" is no member" },
    { FILE_OF(MEMBER(ID("a")), ",\"faults\":{\"a\":\"bad\"}"),
      "faults[\"a\"]: expected \"hard\" or \"soft\", found \"bad\"" },
    { FILE_OF(MEMBER(ID("a")), ",\"faults\":{\"a\":true}"),
      "faults[\"a\"]: expected \"hard\" or \"soft\", found true" },
};

Test(sim_tally_file, every_mistake_is_named)
{
    for (size_t i = 0; i < sizeof mistakes / sizeof mistakes[0]; i++) {
        cr_expect_eq(read_text(mistakes[i].text), ASSAY_E_INVALID, "%s", mistakes[i].text);
        cr_expect_eq(strncmp(message, mistakes[i].message, strlen(mistakes[i].message)), 0,
                     "%s:\n\"%s\"\n\"%s\"", mistakes[i].text, message, mistakes[i].message);
        sim_tally_free(&t);
    }
}

Test(sim_tally_file, what_is_no_json_is_refused)
{
    static const char *const texts[] = {
        "", "{", "nonsense", "{\"members\":[1,]}", "{\"members\":[],\"members\":[]}", "{} {}"
    };
    for (size_t i = 0; i < sizeof texts / sizeof texts[0]; i++) {
        cr_expect_eq(read_text(texts[i]), ASSAY_E_SYNTAX, "%s", texts[i]);
        cr_expect_neq(message[0], 0);
        sim_tally_free(&t);
    }
    cr_expect_eq(read_text("[[[[[[[[[[[[[[[[[[]]]]]]]]]]]]]]]]]]"), ASSAY_E_RANGE);
    sim_tally_free(&t);
}

static const char whole[] =
    "{\"caps\":{\"operator\":[1,2]},\"members\":[" MEMBER(ID("a") ",\"listed\":true") "," MEMBER(
        ID("b")) "],\"outcomes\":{\"a\":{\"b\":\"pass\"}},\"faults\":{\"b\":\"soft\"}}";

Test(sim_tally_file, no_truncation_is_read)
{
    for (size_t len = 0; len < sizeof whole - 1; len++) {
        char *const cut = malloc(len + 1); /* exact, so that one byte too far is seen */
        cr_assert_not_null(cut);
        assay_bytes_copy(cut, len + 1, whole, len);
        cr_assert_neq(sim_tally_read(cut, len, &t, message), ASSAY_OK, "%zu bytes", len);
        sim_tally_free(&t);
        free(cut);
    }
    cr_expect_eq(read_text(whole), ASSAY_OK, "%s", message);
    cr_expect_eq(sim_tally_run(&t), ASSAY_OK);
    sim_tally_free(&t);
}

Test(sim_tally_file, what_is_left_out_has_its_default)
{
    cr_assert_eq(read_text(whole), ASSAY_OK, "%s", message);
    cr_expect_eq(t.caps.operator_cap.den, 2u);
    cr_expect_eq(t.caps.vendor_cap.num, 33u);
    cr_expect(t.members[0].balloted, "it has outcomes");
    cr_expect_not(t.members[1].balloted);
    cr_expect_not(t.unlisted[1]);
    cr_expect_eq(assay_json_count(t.notes), 0u);
    sim_tally_free(&t);
}

Test(sim_tally_file, what_is_read_otherwise_than_it_stands_is_noted)
{
    cr_assert_eq(read_text("{\"members\":[" MEMBER(ID("a") ",\"voted\":false") "," MEMBER(
                     ID("b") ",\"voted\":true") "],\"outcomes\":{\"a\":{\"a\":\"pass\"}}}"),
                 ASSAY_OK, "%s", message);
    cr_assert_eq(assay_json_count(t.notes), 2u);
    cr_expect_str_eq(assay_json_as_text(assay_json_at(t.notes, 0)),
                     "outcomes[\"a\"]: its outcome of itself is not counted");
    cr_expect_str_eq(assay_json_as_text(assay_json_at(t.notes, 1)),
                     "members[0]: voted is false, yet \"a\" has outcomes: they count for others");
    cr_expect_not(t.members[0].balloted);
    cr_expect_not_null(t.rows[0]);
    cr_expect(t.members[1].balloted);
    cr_expect_not_null(t.rows[1], "a ballot that says nothing");
    sim_tally_free(&t);
}

/* --- against the reference ------------------------------------------------------------------- */

enum { TEXT_MAX = 1 << 16, MEMBERS = 14, FILES = 400 };

static char text[TEXT_MAX];
static size_t text_len;

__attribute__((format(printf, 1, 2))) static void put(const char *format, ...)
{
    va_list args;
    va_start(args, format);
    const int len = vsnprintf(text + text_len, sizeof text - text_len, format, args);
    va_end(args);
    cr_assert(len >= 0 && (size_t)len < sizeof text - text_len);
    text_len += (size_t)len;
}

static unsigned pick(struct assay_sim_random *random, unsigned below)
{
    return (unsigned)assay_sim_random_below(random, below);
}

static void put_members(struct assay_sim_random *random, unsigned count)
{
    put("{\"members\":[");
    for (unsigned i = 0; i < count; i++) {
        const unsigned platform = pick(random, count + 4);
        put("%s{\"id\":\"%c%u\",\"operator\":\"o%u\",\"vendor\":\"v%u\",\"platform\":",
            i > 0 ? "," : "", 'a' + (int)pick(random, 26), i, pick(random, 6), pick(random, 4));
        if (platform >= count) put("null");
        else put("\"p%u\"", platform);
        put(",\"I\":%u,\"A\":%u", pick(random, 3) == 0 ? 10000 : pick(random, 10001),
            pick(random, 2) == 0 ? 10000 : pick(random, 10001));
        put(",\"probation\":%s,\"listed\":%s", pick(random, 8) == 0 ? "true" : "false",
            pick(random, 8) == 0 ? "false" : "true");
        put(",\"voted\":%s,\"offences\":%u}", pick(random, 6) == 0 ? "false" : "true",
            pick(random, 5));
    }
    put("],\"outcomes\":{");
}

/* The ids are random, so they are read back from the file so far. */
static void put_rest(struct assay_sim_random *random, unsigned count)
{
    static char ids[MEMBERS][8];
    const char *at = text;
    for (unsigned i = 0; i < count; i++) {
        at = strstr(at, "{\"id\":\"") + 7;
        const size_t len = (size_t)(strchr(at, '"') - at);
        assay_bytes_copy(ids[i], sizeof ids[i], at, len);
        ids[i][len] = 0;
    }
    const char *comma = "";
    const unsigned lean = pick(random, 4); /* how many say PASS */
    for (unsigned v = 0; v < count; v++) {
        if (pick(random, 7) == 0) continue;
        put("%s\"%s\":{", comma, ids[v]);
        comma = "";
        for (unsigned s = 0; s < count; s++) {
            static const char *const words[] = { "pass", "absent", "fail", "none" };
            const unsigned word = pick(random, 4);
            if (pick(random, 9) == 0) continue;
            put("%s\"%s\":\"%s\"", comma, ids[s], words[pick(random, 4) < lean ? 0 : word]);
            comma = ",";
        }
        put("}");
        comma = ",";
    }
    put("},\"faults\":{");
    comma = "";
    for (unsigned i = 0; i < count; i++) {
        if (pick(random, 6) != 0) continue;
        put("%s\"%s\":\"%s\"", comma, ids[i], pick(random, 2) == 0 ? "hard" : "soft");
        comma = ",";
    }
    put("}}");
}

static void compare_weights(unsigned file)
{
    uint32_t weights[MEMBERS];
    const struct assay_weight_input input = { .rules = &t.caps,
                                              .trust = t.trust,
                                              .unlisted = t.unlisted };
    reference_weights(&input, t.places, t.count, weights);
    for (uint32_t i = 0; i < t.count; i++) {
        cr_assert_eq(t.weights[i], weights[i], "file %u, %u\n%s", file, i, text);
        cr_assert_eq(t.stages.capped[i], weights[i], "file %u, %u", file, i);
        cr_assert_leq(t.stages.unit[i], t.stages.raw[i]);
        cr_assert_leq(t.stages.capped[i], t.stages.unit[i]);
    }
}

/* The record of a platform is one, so each member is compared in a world where all have its own. */
static void compare_tally(unsigned file)
{
    const struct assay_score_rules ladder = assay_score_rules_default();
    for (uint32_t me = 0; me < t.count; me++) {
        struct assay_trust_state trust[MEMBERS], after[MEMBERS];
        struct assay_tally_result results[MEMBERS];
        struct assay_tally_summary summary;
        for (uint32_t i = 0; i < t.count; i++) {
            trust[i] = t.trust[i];
            trust[i].offences = t.trust[me].offences;
        }
        const struct assay_tally_input input = { .epoch = 1000,
                                                 .roll_present = true,
                                                 .rules = &ladder,
                                                 .weights = t.weights,
                                                 .members = t.members,
                                                 .rows = t.rows,
                                                 .trust = trust };
        reference_tally(&input, t.places, t.count, after, results, &summary);
        cr_assert_eq(t.summary.certified, summary.certified, "file %u", file);
        cr_assert(reference_result_equal(&t.results[me], &results[me]), "file %u, %u\n%s", file, me,
                  text);
        cr_assert_eq(t.after[me].integrity_bp, after[me].integrity_bp, "file %u, %u", file, me);
        cr_assert_eq(t.after[me].availability_bp, after[me].availability_bp, "file %u", file);
    }
}

Test(sim_tally_file, random_epochs_are_those_of_the_reference)
{
    unsigned certified = 0;
    for (unsigned file = 0; file < FILES; file++) {
        struct assay_sim_random random = assay_sim_random_of(1, ASSAY_SIM_STREAM_THEORY, 3, file);
        const unsigned count = 1 + pick(&random, MEMBERS);
        text_len = 0;
        put_members(&random, count);
        put_rest(&random, count);
        cr_assert_eq(read_text(text), ASSAY_OK, "%s\n%s", message, text);
        cr_assert_eq(sim_tally_run(&t), ASSAY_OK);
        compare_weights(file);
        compare_tally(file);
        if (t.summary.certified) certified++;
        sim_tally_free(&t);
    }
    cr_expect(certified > FILES / 4 && certified < FILES, "both kinds came up: %u", certified);
}

/* --- the page -------------------------------------------------------------------------------- */

/* docs/simulator-checks.md 8 works this file out on paper; these are its results. */
Test(sim_tally_file, the_example_of_the_page_comes_out_as_it_says)
{
    uint8_t *page = NULL;
    size_t len = 0;
    cr_assert_eq(
        assay_file_read(ASSAY_SOURCE_DIR "/docs/simulator-checks.md", 1 << 20, &page, &len),
        ASSAY_OK);
    char *whole_page = malloc(len + 1);
    cr_assert_not_null(whole_page);
    assay_bytes_copy(whole_page, len + 1, page, len);
    whole_page[len] = 0;
    const char *from = strstr(whole_page, "```json\n");
    cr_assert_not_null(from, "the page has an example");
    from += strlen("```json\n");
    const char *to = strstr(from, "```");
    cr_assert_not_null(to);
    cr_assert_eq(sim_tally_read(from, (size_t)(to - from), &t, message), ASSAY_OK, "%s", message);
    free(page);
    free(whole_page);
    cr_assert_eq(sim_tally_run(&t), ASSAY_OK);
    static const uint32_t weights[] = { 6666, 6000, 5333, 10000, 10000, 10000, 10000 };
    static const uint16_t integrity[] = { 10000, 9100, 8100, 10000, 10000, 7500, 10000 };
    cr_assert_eq(t.count, 7u);
    for (uint32_t i = 0; i < 7; i++) {
        cr_expect_eq(t.weights[i], weights[i], "%u", i);
        cr_expect_eq(t.after[i].integrity_bp, integrity[i], "%u", i);
    }
    cr_expect_eq(t.results[6].negative_weight, 37999u);
    cr_expect_eq(t.after[6].availability_bp, 6750);
    cr_expect(t.summary.certified);
    sim_tally_free(&t);
}

/* --- the command ----------------------------------------------------------------------------- */

static char path[64];

static void write_file(const char *content)
{
    (void)snprintf(path, sizeof path, "/tmp/assay-tally-XXXXXX");
    const int fd = mkstemp(path);
    cr_assert_geq(fd, 0);
    cr_assert_eq(write(fd, content, strlen(content)), (ssize_t)strlen(content));
    cr_assert_eq(close(fd), 0);
}

static int command(const char *first, const char *second)
{
    char name[] = "tally";
    char one[80], two[80];
    char *argv[4] = { name, one, two, NULL };
    (void)snprintf(one, sizeof one, "%s", first);
    if (second != NULL) (void)snprintf(two, sizeof two, "%s", second);
    else argv[2] = NULL;
    return sim_command_tally(second == NULL ? 2 : 3, argv);
}

static char said[1 << 14];

static const char *what_was_said(FILE *stream)
{
    const size_t len = fread(said, 1, sizeof said - 1, stream);
    said[len] = 0;
    return said;
}

Test(sim_tally_file, the_command_prints_json, .init = cr_redirect_stdout)
{
    write_file(whole);
    cr_expect_eq(command(path, "--json"), ASSAY_SIM_EXIT_OK);
    (void)unlink(path);
    (void)fflush(stdout);
    struct assay_json *document = NULL;
    const char *json = what_was_said(cr_get_redirected_stdout());
    cr_assert_eq(assay_json_parse(json, strlen(json), &document), ASSAY_OK, "%s", json);
    const struct assay_json *data = assay_json_get(document, "data");
    const struct assay_json *b = assay_json_at(assay_json_get(data, "members"), 1);
    static const char *const keys[] = { "raw", "unit", "capped", "weight", "W", "P",
                                        "N",   "lo",   "hi",     "A",      "I", "S" };
    cr_expect_str_eq(assay_json_text(document, "schema", ""), "assay.sim.tally");
    cr_expect_str_eq(assay_json_text(b, "id", ""), "b");
    for (size_t i = 0; i < sizeof keys / sizeof keys[0]; i++)
        cr_expect_eq(assay_json_kind_of(assay_json_get(b, keys[i])), ASSAY_JSON_INTEGER, "%s",
                     keys[i]);
    cr_expect_eq(assay_json_uint(b, "hi", 0), 10000u);
    assay_json_free(&document);
}

Test(sim_tally_file, the_command_prints_a_table, .init = cr_redirect_stdout)
{
    write_file(whole);
    cr_expect_eq(command(path, NULL), ASSAY_SIM_EXIT_OK);
    (void)unlink(path);
    (void)fflush(stdout);
    const char *table = what_was_said(cr_get_redirected_stdout());
    cr_expect_not_null(strstr(table, "capped"), "%s", table);
    cr_expect_not_null(strstr(table, "not certified"), "%s", table);
}

Test(sim_tally_file, the_command_refuses_with_a_reason, .init = cr_redirect_stderr)
{
    cr_expect_eq(command("/nowhere/at/all.json", NULL), ASSAY_SIM_EXIT_USAGE);
    write_file("{\"members\":[],\"cap\":1}");
    cr_expect_eq(command(path, NULL), ASSAY_SIM_EXIT_USAGE);
    (void)unlink(path);
    (void)fflush(stderr);
    const char *words = what_was_said(cr_get_redirected_stderr());
    cr_expect_not_null(strstr(words, "/nowhere/at/all.json: No such file"), "%s", words);
    cr_expect_not_null(strstr(words, "there is no key \"cap\""), "%s", words);
}

Test(sim_tally_file, the_command_passes_nothing_on_that_commands_a_terminal,
     .init = cr_redirect_stderr)
{
    static const char *const files[] = {
        "{\"members\":[],\"\\u001b[2J\\u0007\":1}",
        "{\"members\":[],\"\xc2\x9b"
        "2J\":1}",
        FILE_OF(MEMBER(ID("a\x7f")), ""),
    };
    for (size_t i = 0; i < sizeof files / sizeof files[0]; i++) {
        write_file(files[i]);
        cr_expect_eq(command(path, NULL), ASSAY_SIM_EXIT_USAGE);
        (void)unlink(path);
    }
    (void)fflush(stderr);
    const char *words = what_was_said(cr_get_redirected_stderr());
    cr_expect_not_null(strstr(words, "there is no key \"\\x1b[2J\\x07\""), "%s", words);
    cr_expect_not_null(strstr(words, "there is no key \"\\xc2\\x9b"
                                     "2J\""),
                       "%s", words);
    cr_expect_not_null(strstr(words, "found \"a\\x7f\""), "%s", words);
    for (const char *c = words; *c != '\0'; c++)
        cr_expect(*c == '\n' || ((unsigned char)*c >= ' ' && (unsigned char)*c < 0x7f));
}

Test(sim_tally_file, the_command_explains_itself, .init = cr_redirect_stdout)
{
    cr_expect_eq(command("--help", NULL), ASSAY_SIM_EXIT_OK);
    (void)fflush(stdout);
    cr_expect_not_null(strstr(what_was_said(cr_get_redirected_stdout()), "usage: assay-sim tally"));
}

Test(sim_tally_file, the_command_wants_one_file, .init = cr_redirect_stderr)
{
    cr_expect_eq(command("one", "two"), ASSAY_SIM_EXIT_USAGE);
    cr_expect_eq(command("one", "--jason"), ASSAY_SIM_EXIT_USAGE);
}
