/*
 * tests/unit/sim/report_fixture.c - results made by hand (tests/unit/sim/report_fixture.h).
 */
#include "tests/unit/sim/report_fixture.h"

#include <criterion/criterion.h>
#include <stdlib.h>
#include <string.h>

struct assay_scenario report_scenario(const char *const *sets, size_t set_count)
{
    static const char *const first[] = { "name=two",
                                         "cohorts[1].name=ring",
                                         "cohorts[ring].count=2",
                                         "adversaries[0].attack=badmouth",
                                         "adversaries[0].cohort=ring",
                                         "assertions[0]=score_min_bp honest >= 9000" };
    char message[ASSAY_SIM_MESSAGE_MAX] = "";
    struct assay_scenario s = assay_scenario_default();
    for (size_t i = 0; i < sizeof first / sizeof first[0]; i++)
        cr_assert_eq(assay_scenario_set(&s, first[i], message), ASSAY_OK, "%s", message);
    for (size_t i = 0; i < set_count; i++)
        cr_assert_eq(assay_scenario_set(&s, sets[i], message), ASSAY_OK, "%s", message);
    return s;
}

static void fill_row(struct assay_sim_row *row, const struct assay_scenario *s, uint64_t epoch,
                     uint64_t seed)
{
    row->epoch = epoch;
    row->at_ms = epoch * s->epoch_ms;
    row->certified = epoch % 4 != 0;
    row->messages = 1000 + epoch % 7 * 10 + seed;
    row->bytes = row->messages * 512;
    row->verifications = 42 + epoch % 3;
    row->views_nullified = (uint32_t)(epoch % 2);
    row->blocks = 3;
    row->certificates_held = 12;
    row->largest_operator_bp = 1428;
    row->largest_vendor_bp = 2857;
    for (size_t i = 0; i < sizeof row->root; i++)
        row->root[i] = (uint8_t)(epoch + seed + i);
    for (uint32_t c = 0; c < s->cohort_count; c++) {
        struct assay_sim_cohort_row *to = &row->cohorts[c];
        const uint16_t score =
            (uint16_t)(10000 - (epoch + 10 * seed) % 90 * 100 * (c == 0 ? 0 : 1));
        *to = (struct assay_sim_cohort_row){ .members = c == 0 ? s->nodes - 2 : 2,
                                             .score_mean_bp = score,
                                             .score_min_bp = (uint16_t)(score - 500),
                                             .score_max_bp = score,
                                             .integrity_mean_bp = score,
                                             .availability_mean_bp = 10000,
                                             .weight_share_bp = c == 0 ? 7143 : 2857,
                                             .full = c == 0 ? s->nodes - 2 : 0,
                                             .suspended = c == 0 ? 0 : 2 };
    }
}

struct assay_sim_outcome report_outcome(const struct assay_scenario *scenario, uint64_t seed,
                                        uint64_t epochs)
{
    struct assay_sim_outcome o;
    assay_sim_outcome_init(&o);
    o.fidelity = ASSAY_SIM_FIDELITY_EPOCH;
    o.seed = seed;
    for (uint32_t c = 0; c < scenario->cohort_count; c++) {
        o.cohort_members[c] = c == 0 ? scenario->nodes - 2 : 2;
        for (uint32_t f = 0; f < ASSAY_SIM_FIGURE_COUNT; f++)
            if (c == 0 || assay_sim_figure_of_cohort((enum assay_sim_figure)f))
                o.figures[f][c] = (int64_t)(9000 + f + seed);
    }
    o.figures[ASSAY_SIM_FIGURE_DETECTION_EPOCHS][0] = -1;
    o.figures[ASSAY_SIM_FIGURE_DETECTION_EPOCHS][1] = (int64_t)(2 + seed);
    o.figures[ASSAY_SIM_FIGURE_PROGRESS_EPOCHS][0] = -1;
    for (size_t i = 0; i < 32; i++) {
        o.trace_hash[i] = (uint8_t)(seed + i);
        o.state_root[i] = (uint8_t)(2 * seed + i);
        o.root_chain[i] = (uint8_t)(3 * seed + i);
    }
    assay_sim_check_look(&o, ASSAY_SIM_CHECKER_P1, 1, NULL);
    for (uint64_t epoch = 1; epoch <= epochs; epoch++)
        fill_row(assay_sim_outcome_row(&o), scenario, epoch, seed);
    return o;
}

/* --- what every page must be */

enum { DEPTH_MAX = 32, IDS_MAX = 256, WORD_MAX = 64 };

struct reading {
    const char *at;
    char why[160];
    char open[DEPTH_MAX][WORD_MAX];
    size_t depth;
    char ids[IDS_MAX][WORD_MAX];
    size_t id_count;
};

static bool wrong(struct reading *r, const char *what, const char *word)
{
    (void)snprintf(r->why, sizeof r->why, "%s: %.40s, before \"%.40s\"", what, word, r->at);
    return false;
}

static size_t word_of(const char *from, char word[WORD_MAX])
{
    const size_t len =
        strspn(from, "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789-");
    (void)snprintf(word, WORD_MAX, "%.*s", len < WORD_MAX ? (int)len : WORD_MAX - 1, from);
    return len;
}

/* Behind a '&': a name or a number, and a semicolon. */
static bool take_entity(struct reading *r)
{
    char word[WORD_MAX];
    const size_t hash = r->at[1] == '#' ? 1 : 0;
    const size_t len = word_of(r->at + 1 + hash, word);
    if (len == 0 || r->at[1 + hash + len] != ';') return wrong(r, "entity", word);
    r->at += hash + len + 2;
    return true;
}

static bool take_value(struct reading *r, const char *name)
{
    char value[WORD_MAX];
    if (*r->at != '"') return wrong(r, "attribute without quotes", name);
    const char *const begin = ++r->at;
    while (*r->at != '"') {
        if (*r->at == '\0' || *r->at == '<' || *r->at == '>') return wrong(r, "value", name);
        if (*r->at == '&') {
            if (!take_entity(r)) return false;
        } else r->at++;
    }
    (void)snprintf(value, sizeof value, "%.*s", (int)(r->at - begin) % WORD_MAX, begin);
    r->at++;
    if (strcmp(name, "id") != 0) return true;
    for (size_t i = 0; i < r->id_count; i++)
        if (strcmp(r->ids[i], value) == 0) return wrong(r, "id twice", value);
    if (r->id_count < IDS_MAX) (void)snprintf(r->ids[r->id_count++], WORD_MAX, "%s", value);
    return true;
}

/* Attributes up to the '>'. Out: *closed: it ends in a stroke. */
static bool take_attributes(struct reading *r, bool *closed)
{
    *closed = false;
    for (;;) {
        char name[WORD_MAX];
        r->at += strspn(r->at, " \n");
        if (*r->at == '>') return r->at++, true;
        if (*r->at == '/') {
            *closed = true;
            r->at++;
            continue;
        }
        const size_t len = word_of(r->at, name);
        if (len == 0) return wrong(r, "attribute", name);
        r->at += len;
        if (*r->at != '=') continue; /* one without a value */
        r->at++;
        if (!take_value(r, name)) return false;
    }
}

static bool is_void(const char *tag)
{
    return strcmp(tag, "meta") == 0 || strcmp(tag, "br") == 0;
}

static bool take_end(struct reading *r)
{
    char tag[WORD_MAX];
    r->at += 2;
    r->at += word_of(r->at, tag);
    if (*r->at != '>') return wrong(r, "end of a tag", tag);
    r->at++;
    if (r->depth == 0 || strcmp(r->open[r->depth - 1], tag) != 0)
        return wrong(r, "closes what is not open", tag);
    r->depth--;
    return true;
}

static bool take_tag(struct reading *r)
{
    char tag[WORD_MAX], end[WORD_MAX + 3];
    bool closed = false;
    r->at++;
    const size_t len = word_of(r->at, tag);
    if (len == 0) return wrong(r, "tag", tag);
    r->at += len;
    if (!take_attributes(r, &closed)) return false;
    if (closed || is_void(tag)) return true;
    if (r->depth == DEPTH_MAX) return wrong(r, "too deep", tag);
    (void)snprintf(r->open[r->depth++], WORD_MAX, "%s", tag);
    /* Raw text: everything up to the end is theirs. */
    if (strcmp(tag, "style") != 0 && strcmp(tag, "script") != 0) return true;
    (void)snprintf(end, sizeof end, "</%s>", tag);
    r->at = strstr(r->at, end);
    return r->at != NULL;
}

static bool read_page(struct reading *r)
{
    static const char doctype[] = "<!doctype html>";
    if (strncmp(r->at, doctype, strlen(doctype)) != 0) return wrong(r, "doctype", "missing");
    r->at += strlen(doctype);
    while (*r->at != '\0') {
        if (*r->at == '&') {
            if (!take_entity(r)) return false;
        } else if (r->at[0] == '<' && r->at[1] == '/') {
            if (!take_end(r)) return false;
        } else if (*r->at == '<') {
            if (!take_tag(r)) return false;
        } else if (*r->at == '>') return wrong(r, "a bare", ">");
        else if ((unsigned char)*r->at < 0x20 && *r->at != '\n') return wrong(r, "control", "");
        else r->at++;
    }
    return r->depth == 0 || wrong(r, "never closed", r->open[r->depth - 1]);
}

bool report_well_formed(const char *page, const char **why)
{
    static struct reading r;
    r = (struct reading){ .at = page, .why = "raw text that does not end" };
    *why = r.why;
    return read_page(&r);
}

const char *report_reference(const char *page)
{
    static const char *const marks[] = {
        "http:",   "https:",  "src=", "href=", "@import", "url(",    "//",      "fetch(",   "<link",
        "<iframe", "<object", "<img", "<base", "import(", "srcset=", "XMLHttp", "WebSocket"
    };
    for (size_t i = 0; i < sizeof marks / sizeof marks[0]; i++)
        if (strstr(page, marks[i]) != NULL) return marks[i];
    return NULL;
}

size_t report_count(const char *page, const char *text)
{
    size_t count = 0;
    for (const char *at = strstr(page, text); at != NULL; at = strstr(at + 1, text))
        count++;
    return count;
}
