/*
 * tests/differential/differential.c - makes cases from a seed, judges them, and writes each with
 * our answer for the peer to judge (tests/differential/peer.js).
 *
 * A frame is one line of JSON and then the bytes that its "len" counts: root certificate (none:
 * the vendor's), quote, and the parts of the collateral in their order. A case depends on seed and
 * index alone, so that shards, a run taken up again and a single case give the same bytes.
 */
#include "base/assert.h"
#include "quote/kinds.h"
#include "tests/differential/appraise.h"
#include "tests/differential/authority.h"
#include "tests/differential/mutate.h"

#include <errno.h>
#include <getopt.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static const char usage[] =
    "usage: assay-differential --bases LIST [--seed N] [--from N] [--to N] [--step N]\n"
    "\n"
    "Writes the cases from, from + step, ... below to, as frames, on standard output. LIST has\n"
    "lines of a folder of vectors and a time in Unix seconds.\n";

enum { OUTPUT_BUFFER = 1 << 20 };

struct options {
    const char *bases;
    uint64_t seed, from, to, step;
};

struct run {
    struct diff_bases bases;
    struct diff_authority authority;
    struct diff_appraiser *appraiser;
    struct diff_case c;
    struct diff_answer answer;
    struct diff_base own; /* the authority's case with its windows, for shifts of time */
};

/* --- a frame */
/* Whether the table has a row for what a quote of Intel's shape says that it is. */
static bool is_built(const struct diff_blob *quote)
{
    struct assay_kind row;
    if (quote->len < 8) return true;
    const bool is_tdx = quote->bytes[4] != 0;
    enum assay_evidence_kind kind = ASSAY_KIND_NONE;
    switch (quote->bytes[0]) {
    case 3: kind = ASSAY_KIND_SGX3; break;
    case 4: kind = is_tdx ? ASSAY_KIND_TDX4 : ASSAY_KIND_SGX4; break;
    case 5: kind = is_tdx ? ASSAY_KIND_TDX5 : ASSAY_KIND_SGX5; break;
    }
    return kind == ASSAY_KIND_NONE || assay_kind_find(kind, &row) == ASSAY_OK;
}

static void put_text(const char *text)
{
    (void)putchar('"');
    for (; *text != '\0'; text++) {
        const unsigned char c = (unsigned char)*text;
        if (c == '"' || c == '\\') (void)printf("\\%c", c);
        else if (c < 0x20 || c > 0x7e) (void)printf("\\u%04x", c);
        else (void)putchar(c);
    }
    (void)putchar('"');
}

static void put_answer(const struct diff_answer *answer)
{
    const struct assay_verdict *const v = &answer->verdict;
    (void)printf("{\"status\":\"%s\",\"tier\":\"%s\",\"genuine\":%d,\"tcb\":\"%s\",\"reasons\":[",
                 assay_status_symbol(answer->status), assay_tier_text(v->tier), (int)v->genuine,
                 assay_tcb_status_text(v->tcb_status));
    for (uint32_t i = 0; i < v->reason_count; i++) {
        (void)printf("%s[\"%s\",", i == 0 ? "" : ",", assay_rule_name(v->reasons[i].rule));
        put_text(v->reasons[i].expected);
        (void)putchar(',');
        put_text(v->reasons[i].observed);
        (void)putchar(']');
    }
    (void)printf("],\"advisories\":[");
    for (uint32_t i = 0; i < v->advisory_count; i++) {
        if (i > 0) (void)putchar(',');
        put_text(v->advisories[i]);
    }
    (void)printf("]}");
}

static void put_frame(const struct diff_case *c, const struct diff_answer *answer)
{
    (void)printf("{\"i\":%" PRIu64 ",\"base\":\"%s\",\"mutation\":", c->index, c->base);
    put_text(c->mutation);
    (void)printf(",\"at\":%lld,\"own\":%s,\"built\":%s,\"ours\":", (long long)c->at_unix_s,
                 c->own_root ? "true" : "false", is_built(&c->part[DIFF_QUOTE]) ? "true" : "false");
    put_answer(answer);
    (void)printf(",\"len\":[%zu", c->root.len);
    for (size_t i = 0; i < DIFF_PARTS; i++)
        (void)printf(",%zu", c->part[i].len);
    (void)printf("]}\n");
    if (c->root.len > 0) (void)fwrite(c->root.bytes, 1, c->root.len, stdout);
    for (size_t i = 0; i < DIFF_PARTS; i++)
        if (c->part[i].len > 0) (void)fwrite(c->part[i].bytes, 1, c->part[i].len, stdout);
}

/* --- a case */
static void make_own(struct run *run, struct diff_random *random)
{
    run->c.root.len = 0;
    diff_authority_case(&run->authority, &run->c, random);
    if (!diff_random_one_in(random, 4)) return;
    diff_edges(&run->c, &run->own);
    diff_mutate(&run->c, &run->own, &run->bases, random);
}

/* First every vector as it is; then five of eight from the vectors, three from the authority. */
static void make_case(struct run *run, uint64_t seed, uint64_t index)
{
    struct diff_random random;
    struct diff_case *const c = &run->c;
    diff_random_seed(&random, seed, index);
    c->index = index;
    c->mutation[0] = '\0';
    if (index >= run->bases.count && diff_random_below(&random, 8) >= 5) {
        make_own(run, &random);
        c->index = index;
        return;
    }
    const size_t which =
        index < run->bases.count ? (size_t)index : diff_random_below(&random, run->bases.count);
    const struct diff_base *const base = &run->bases.base[which];
    diff_case_copy(c, &base->original);
    c->index = index;
    if (index >= run->bases.count) diff_mutate(c, base, &run->bases, &random);
}

static void run_all(struct run *run, const struct options *options)
{
    for (uint64_t index = options->from; index < options->to; index += options->step) {
        make_case(run, options->seed, index);
        diff_appraise_case(run->appraiser, &run->c, &run->answer);
        put_frame(&run->c, &run->answer);
        if (ferror(stdout) != 0) return;
    }
}

/* --- options */
static bool read_number(const char *text, uint64_t *out)
{
    char *end = NULL;
    errno = 0;
    const unsigned long long value = strtoull(text, &end, 0);
    *out = value;
    return errno == 0 && end != text && *end == '\0';
}

static bool read_options(int argc, char **argv, struct options *options)
{
    static const struct option known[] = {
        { "bases", required_argument, NULL, 'b' }, { "seed", required_argument, NULL, 's' },
        { "from", required_argument, NULL, 'f' },  { "to", required_argument, NULL, 't' },
        { "step", required_argument, NULL, 'n' },  { NULL, 0, NULL, 0 },
    };
    bool good = true;
    for (int c = 0; (c = getopt_long(argc, argv, "", known, NULL)) != -1;) {
        switch (c) {
        case 'b': options->bases = optarg; break;
        case 's': good = good && read_number(optarg, &options->seed); break;
        case 'f': good = good && read_number(optarg, &options->from); break;
        case 't': good = good && read_number(optarg, &options->to); break;
        case 'n': good = good && read_number(optarg, &options->step); break;
        default: return false;
        }
    }
    return good && optind == argc && options->bases != NULL && options->step > 0;
}

int main(int argc, char **argv)
{
    static char buffer[OUTPUT_BUFFER];
    struct options options = { .seed = 1, .to = 1000, .step = 1 };
    if (!read_options(argc, argv, &options)) {
        (void)fputs(usage, stderr);
        return 2;
    }
    struct run *const run = calloc(1, sizeof *run);
    if (run != NULL) run->appraiser = diff_appraiser_open();
    if (run == NULL || run->appraiser == NULL) return 1;
    (void)setvbuf(stdout, buffer, _IOFBF, sizeof buffer);
    const enum assay_status status = diff_bases_read(options.bases, &run->bases);
    if (status != ASSAY_OK) {
        (void)fprintf(stderr, "assay-differential: %s: %s\n", options.bases,
                      assay_status_text(status));
        return 1;
    }
    diff_authority_open(&run->authority, options.seed);
    run_all(run, &options);
    diff_authority_close(&run->authority);
    diff_bases_free(&run->bases);
    diff_case_free(&run->c);
    diff_appraiser_close(run->appraiser);
    free(run);
    return fflush(stdout) == 0 ? 0 : 1;
}
