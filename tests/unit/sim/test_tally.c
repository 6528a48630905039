/*
 * tests/unit/sim/test_tally.c - `assay-sim tally` against epochs worked out on paper.
 *
 * Each test writes the hand computation out; docs/simulator-checks.md shows some of them.
 * test_tally_file.c has the files that are wrong and the slow reference.
 */
#include "apps/sim/commands/tally.h"

#include <criterion/criterion.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

enum { TEXT_MAX = 1 << 16 };

static char text[TEXT_MAX];
static size_t text_len;
static struct assay_sim_tally t;

__attribute__((format(printf, 1, 2))) static void put(const char *format, ...)
{
    va_list args;
    va_start(args, format);
    const int len = vsnprintf(text + text_len, sizeof text - text_len, format, args);
    va_end(args);
    cr_assert(len >= 0 && (size_t)len < sizeof text - text_len);
    text_len += (size_t)len;
}

/* One member: what `keys` does not say is its own operator, vendor and platform, I = A = 10000. */
static void put_member(char id, const char *keys)
{
    put("{\"id\": \"%c\"", id);
    if (strstr(keys, "\"operator\"") == NULL) put(", \"operator\": \"o%c\"", id);
    if (strstr(keys, "\"vendor\"") == NULL) put(", \"vendor\": \"v%c\"", id);
    if (strstr(keys, "\"platform\"") == NULL) put(", \"platform\": \"p%c\"", id);
    if (strstr(keys, "\"I\"") == NULL) put(", \"I\": 10000");
    if (strstr(keys, "\"A\"") == NULL) put(", \"A\": 10000");
    put("%s%s}", keys[0] == 0 ? "" : ", ", keys);
}

static const char *word_of(char letter)
{
    return letter == 'p' ? "pass" : letter == 'a' ? "absent" : letter == 'f' ? "fail" : "none";
}

/*
 * Members a, b, c, ... with those keys; ballots by row, a letter for each subject: p pass,
 * a absent, f fail, '.' no entry; NULL: no ballot.
 */
static void run(unsigned count, const char *const *keys, const char *const *ballots,
                const char *faults)
{
    char message[ASSAY_SIM_TALLY_MESSAGE_MAX] = "";
    text_len = 0;
    put("{\"caps\": {\"operator\": [20, 100], \"vendor\": [33, 100]}, \"members\": [");
    for (unsigned i = 0; i < count; i++) {
        if (i > 0) put(", ");
        put_member((char)('a' + i), keys[i]);
    }
    put("], \"outcomes\": {");
    const char *comma = "";
    for (unsigned v = 0; v < count; v++) {
        if (ballots[v] == NULL) continue;
        put("%s\"%c\": {", comma, 'a' + v);
        comma = "";
        for (unsigned s = 0; s < count; s++) {
            if (ballots[v][s] == '.') continue;
            put("%s\"%c\": \"%s\"", comma, 'a' + s, word_of(ballots[v][s]));
            comma = ", ";
        }
        put("}");
        comma = ", ";
    }
    put("}, \"faults\": {%s}}", faults);
    cr_assert_eq(sim_tally_read(text, text_len, &t, message), ASSAY_OK, "%s\n%s", message, text);
    cr_assert_eq(sim_tally_run(&t), ASSAY_OK);
}

static void expect_votes(unsigned slot, uint64_t pass, uint64_t negative, uint64_t electorate)
{
    const struct assay_tally_result *r = &t.results[slot];
    cr_expect_eq(r->pass_weight, pass, "%c: P %lu", 'a' + slot, (unsigned long)r->pass_weight);
    cr_expect_eq(r->negative_weight, negative, "%c: N %lu", 'a' + slot,
                 (unsigned long)r->negative_weight);
    cr_expect_eq(r->electorate_weight, electorate, "%c: W %lu", 'a' + slot,
                 (unsigned long)r->electorate_weight);
}

static void expect_bounds(unsigned slot, unsigned lo, unsigned hi)
{
    cr_expect_eq(t.results[slot].lo_bp, lo, "%c: lo %u", 'a' + slot, t.results[slot].lo_bp);
    cr_expect_eq(t.results[slot].hi_bp, hi, "%c: hi %u", 'a' + slot, t.results[slot].hi_bp);
}

static void expect_trust(unsigned slot, unsigned availability, unsigned integrity)
{
    const struct assay_trust_state *after = &t.after[slot];
    cr_expect_eq(after->availability_bp, availability, "%c: A %u", 'a' + slot,
                 after->availability_bp);
    cr_expect_eq(after->integrity_bp, integrity, "%c: I %u", 'a' + slot, after->integrity_bp);
}

static void expect_weights(unsigned slot, unsigned raw, unsigned unit, unsigned capped)
{
    cr_expect_eq(t.stages.raw[slot], raw, "%c: raw %u", 'a' + slot, t.stages.raw[slot]);
    cr_expect_eq(t.stages.unit[slot], unit, "%c: unit %u", 'a' + slot, t.stages.unit[slot]);
    cr_expect_eq(t.stages.capped[slot], capped, "%c: capped %u", 'a' + slot, t.stages.capped[slot]);
    cr_expect_eq(t.weights[slot], capped, "%c: weight %u", 'a' + slot, t.weights[slot]);
}

static const char *const plain[8] = { "", "", "", "", "", "", "", "" };

/*
 * Four members of 10000, R = 40000. One cut, four groups: F(L) = 4L up to 10000; L1: 100 L <= 20 *
 * 4L holds for 0 alone; L2: 2 * 4L >= 40000 from 5000; L3 = 10000. L = 10000: nothing is cut.
 * Each electorate is the other three: W = P = 30000, lo = (90000 - 30000) / 30000 > 1: 10000,
 * N = 0: hi = 10000. A = I = 10000 stay.
 */
Test(sim_tally, four_honest_members)
{
    const char *const ballots[] = { ".ppp", "p.pp", "pp.p", "ppp." };
    run(4, plain, ballots, "");
    for (unsigned i = 0; i < 4; i++) {
        expect_weights(i, 10000, 10000, 10000);
        expect_votes(i, 30000, 0, 30000);
        expect_bounds(i, 10000, 10000);
        expect_trust(i, 10000, 10000);
    }
    cr_expect(t.summary.certified);
    cr_expect_not(t.tolerance.operator_cap_met, "four operators hold 25 %% each");
    sim_tally_free(&t);
}

/*
 * Seven members, g is the subject, W = 60000.
 * A third of W says ABSENT: N = 20000, P = 40000: 3N <= T = 70000: hi = 10000; no fall, and
 * lo = (120000 - 60000) / 60000 = 10000.
 */
Test(sim_tally, absent_votes_of_a_third_do_nothing)
{
    const char *const third[] = { ".pppppa", "p.ppppa", "pp.pppp", "ppp.ppp",
                                  "pppp.pp", "ppppp.p", "pppppp." };
    run(7, plain, third, "");
    expect_votes(6, 40000, 20000, 60000);
    expect_bounds(6, 10000, 10000);
    expect_trust(6, 10000, 10000);
    sim_tally_free(&t);
}

/*
 * Half says ABSENT: N = P = 30000, T = 70000: hi = (120000 - 90000) / (120000 - 70000) = 6000,
 * lo = (90000 - 60000) / 60000 = 5000; 3 (P + N) = 180000 > 120000, so A = 10000 - ceil(4000 / 4) =
 * 9000. I does not move: absence is not guilt, and 3P = 90000 > T but I is above lo.
 */
Test(sim_tally, absent_votes_of_half_lower_availability_alone)
{
    const char *const half[] = { ".pppppa", "p.ppppa", "pp.pppa", "ppp.ppp",
                                 "pppp.pp", "ppppp.p", "pppppp." };
    run(7, plain, half, "");
    expect_votes(6, 30000, 30000, 60000);
    expect_bounds(6, 5000, 6000);
    expect_trust(6, 9000, 10000);
    cr_expect_eq(t.results[6].availability_rule, ASSAY_AVAILABILITY_FALL);
    sim_tally_free(&t);
}

/*
 * All six say ABSENT: N = 60000: hi = lo = 0, A = 10000 - 2500 = 7500.
 * From A = 5001: 5001 - ceil(5001 / 4) = 5001 - 1251 = 3750.
 */
Test(sim_tally, who_is_absent_for_all_falls_by_a_quarter)
{
    const char *const keys[] = { "", "", "", "", "", "\"A\": 5001", "" };
    const char *const ballots[] = { ".ppppaa", "p.pppaa", "pp.ppaa", "ppp.paa",
                                    "pppp.aa", "ppppp.a", "pppppa." };
    run(7, keys, ballots, "");
    expect_votes(6, 0, 60000, 60000);
    expect_bounds(6, 0, 0);
    expect_trust(6, 7500, 10000);
    expect_trust(5, 3750, 10000);
    sim_tally_free(&t);
}

/*
 * Two say ABSENT, two PASS, two ballots never came: N = 20000, P = 20000 of W = 60000.
 * 3P <= T: lo = 0, 3N <= T: hi = 10000: HOLD whatever A is.
 * With three ABSENT and one PASS: hi = 6000, but 3 (P + N) = 120000 is not more than 2W: HOLD.
 * Of 70000, the ballots that came are five of seven: 3 * 50000 > 2 * 70000, so it is certified.
 */
Test(sim_tally, what_is_missing_counts_for_neither_side)
{
    const char *const two[] = { ".pppppa", "p.ppppa", "pp.pppp", "ppp.ppp", NULL, NULL, "pppppp." };
    run(7, plain, two, "");
    cr_expect(t.summary.certified);
    expect_votes(6, 20000, 20000, 60000);
    expect_bounds(6, 0, 10000);
    expect_trust(6, 10000, 10000);
    sim_tally_free(&t);

    const char *const three[] = {
        ".pppppa", "p.ppppa", "pp.pppa", "ppp.ppp", NULL, NULL, "pppppp."
    };
    run(7, plain, three, "");
    expect_votes(6, 10000, 30000, 60000);
    expect_bounds(6, 0, 6000);
    expect_trust(6, 10000, 10000);
    cr_expect_eq(t.results[6].availability_rule, ASSAY_AVAILABILITY_HOLD);
    sim_tally_free(&t);
}

/* Four of seven ballots: 3 * 40000 = 120000 is not more than 140000. Everything is held. */
Test(sim_tally, without_two_thirds_of_the_ballots_everything_is_held)
{
    const char *const keys[] = { "", "", "", "", "", "\"I\": 8000, \"A\": 8000", "" };
    const char *const ballots[] = { ".pppppa", "p.ppppa", "pp.pppa", "ppp.ppa", NULL, NULL, NULL };
    run(7, keys, ballots, "");
    cr_expect_not(t.summary.certified);
    expect_trust(5, 8000, 8000);
    expect_trust(6, 10000, 10000);
    sim_tally_free(&t);
}

/*
 * Badmouthing: three say FAIL of g without a proof: only the PASS of the others counts, N = 0.
 * With the proof (g fails hard): N = 60000, A = 7500 and I = 0; those who said PASS are not judged
 * here.
 */
Test(sim_tally, fail_counts_only_where_it_is_proven)
{
    const char *const slander[] = { ".pppppf", "p.ppppf", "pp.pppf", "ppp.ppp",
                                    "pppp.pp", "ppppp.p", "pppppp." };
    run(7, plain, slander, "");
    expect_votes(6, 30000, 0, 60000);
    expect_bounds(6, 5000, 10000);
    expect_trust(6, 10000, 10000);
    sim_tally_free(&t);

    const char *const truth[] = { ".pppppf", "p.ppppf", "pp.pppf", "ppp.ppf",
                                  "pppp.pf", "ppppp.f", "pppppp." };
    run(7, plain, truth, "\"g\": \"hard\"");
    expect_votes(6, 0, 60000, 60000);
    expect_trust(6, 7500, 0);
    cr_expect_eq(t.results[6].integrity_reason, ASSAY_INTEGRITY_FAIL_HARD);
    sim_tally_free(&t);
}

/*
 * Soft faults: I - ceil(I / 4): 10000 -> 7500, 9999 -> 9999 - 2500 = 7499, 1 -> 0. An epoch with a
 * fall has no rise, though all say PASS. A fault needs no quorum: it falls without ballots too.
 */
Test(sim_tally, soft_faults_take_a_quarter_and_hard_ones_all)
{
    const char *const keys[] = { "", "\"I\": 9999", "\"I\": 1", "\"I\": 6000", "" };
    const char *const ballots[] = { ".pppp", "p.ppp", "pp.pp", "ppp.p", "pppp." };
    const char *const nobody[] = { NULL, NULL, NULL, NULL, NULL };
    const char *const faults = "\"a\": \"soft\", \"b\": \"soft\", \"c\": \"soft\", \"d\": \"hard\"";
    run(5, keys, ballots, faults);
    expect_trust(0, 10000, 7500);
    expect_trust(1, 10000, 7499);
    expect_trust(2, 10000, 0);
    expect_trust(3, 10000, 0);
    expect_trust(4, 10000, 10000);
    sim_tally_free(&t);
    run(5, keys, nobody, faults);
    expect_trust(0, 10000, 7500);
    expect_trust(3, 10000, 0);
    sim_tally_free(&t);
}

/*
 * U: 100 for none and for the one offence that it recovers from, then 50, 25, 12, 12. All have
 * lo = 10000. From 9950 with U = 100: to lo, 10000.
 */
Test(sim_tally, integrity_rises_by_u_halved_per_earlier_offence)
{
    const char *const keys[] = {
        "\"I\": 8000",
        "\"I\": 8000, \"offences\": 1",
        "\"I\": 8000, \"offences\": 2",
        "\"I\": 8000, \"offences\": 3",
        "\"I\": 8000, \"offences\": 4",
        "\"I\": 8000, \"offences\": 1000",
        "\"I\": 9950",
    };
    const char *const ballots[] = { ".pppppp", "p.ppppp", "pp.pppp", "ppp.ppp",
                                    "pppp.pp", "ppppp.p", "pppppp." };
    const unsigned after[] = { 8100, 8100, 8050, 8025, 8012, 8012, 10000 };
    run(7, keys, ballots, "");
    for (unsigned i = 0; i < 7; i++)
        expect_trust(i, 10000, after[i]);
    sim_tally_free(&t);
}

/*
 * Six voters of 10000 and g with I = 8000, A = 9000; e and f say nothing of g. The weights: a..f
 * 10000, g 8000, R = 68000; seven operators, nobody above 20 % of 68000 = 13600. W = 60000,
 * P = 40000: lo = (120000 - 60000) / 60000 = 10000: A = 9500, I = 8100.
 * With four silent P = 20000: lo = 0 and 3P <= T: neither moves.
 * With three silent P = 30000: lo = 5000, below both: neither moves.
 */
Test(sim_tally, rises_go_no_higher_than_the_lower_bound)
{
    const char *const keys[] = { "", "", "", "", "", "", "\"I\": 8000, \"A\": 9000" };
    const char *ballots[] = { ".pppppp", "p.ppppp", "pp.pppp", "ppp.ppp",
                              "pppp.p.", "ppppp..", "pppppp." };
    run(7, keys, ballots, "");
    expect_weights(6, 8000, 8000, 8000);
    expect_votes(6, 40000, 0, 60000);
    expect_trust(6, 9500, 8100);
    sim_tally_free(&t);
    ballots[3] = "ppp.pp.";
    run(7, keys, ballots, "");
    expect_bounds(6, 5000, 10000);
    expect_trust(6, 9000, 8000);
    sim_tally_free(&t);
    ballots[2] = "pp.ppp.";
    run(7, keys, ballots, "");
    expect_bounds(6, 0, 10000);
    expect_trust(6, 9000, 8000);
    cr_expect_eq(t.results[6].integrity_reason, ASSAY_INTEGRITY_HELD_FEW);
    sim_tally_free(&t);
}

/*
 * d is on probation at 5100 (out of it at 5200): weight 0, attested and balloting, rises. e is not
 * listed: weight 0, no rise of I. f has voted nothing: no rise of I, though A rises by 500. g has
 * I = 4900: below 5000 its standing is SUSPENDED, weight 0; it rises to 5000.
 * Weights: a, b, c, f: 10000, 10000, 10000, 8000. R = 38000, four groups: L1 = 0 (100 L <= 80 L),
 * L2: 2F(L) >= 38000: 4L >= 19000: 4750; L3 = 8000. L = 8000: all four are cut to 8000.
 * Their electorates: for d: 32000.
 */
Test(sim_tally, probation_unlisted_without_ballot_and_suspended)
{
    const char *const keys[] = {
        "",
        "",
        "",
        "\"I\": 5100, \"probation\": true",
        "\"I\": 8000, \"A\": 9000, \"listed\": false",
        "\"I\": 8000, \"A\": 9000, \"voted\": false",
        "\"I\": 4900",
    };
    const char *const ballots[] = { ".pppppp", "p.ppppp", "pp.pppp", "ppp.ppp",
                                    "pppp.pp", NULL,      "pppppp." };
    run(7, keys, ballots, "");
    expect_weights(0, 10000, 10000, 8000);
    expect_weights(3, 0, 0, 0);
    expect_weights(4, 0, 0, 0);
    expect_weights(5, 8000, 8000, 8000);
    expect_weights(6, 0, 0, 0);
    expect_votes(3, 24000, 0, 32000); /* f says nothing: lo = (72000 - 32000) / 32000 > 1 */
    expect_trust(3, 10000, 5200);
    expect_trust(4, 9500, 8000);
    cr_expect_eq(t.results[4].integrity_reason, ASSAY_INTEGRITY_HELD_UNLISTED);
    expect_trust(5, 9500, 8000);
    cr_expect_eq(t.results[5].integrity_reason, ASSAY_INTEGRITY_HELD_NO_BALLOT);
    expect_trust(6, 10000, 5000);
    sim_tally_free(&t);
}

/*
 * a, b, c are masked under one operator and vendor root: one platform of 10000 + 8000 + 6000 =
 * 24000, cut to 10000: 4166.6, 3333.3, 2500 -> 4166, 3333, 2500 and 1 left, which goes to a (the
 * first in byte order whose division left a rest). Their electorate is d..g alone: 40000; what a
 * says of b is not counted. For d it is 10000 + 30000.
 */
Test(sim_tally, masked_platforms_of_one_operator_and_vendor_share_a_unit)
{
    const char *const keys[] = {
        "\"operator\": \"o\", \"vendor\": \"v\", \"platform\": null",
        "\"operator\": \"o\", \"vendor\": \"v\", \"platform\": null, \"I\": 8000",
        "\"operator\": \"o\", \"vendor\": \"v\", \"platform\": null, \"I\": 6000",
        "",
        "",
        "",
        "",
    };
    const char *const ballots[] = { ".aapppp", "a.apppp", "aa.pppp", "ppp.ppp",
                                    "pppp.pp", "ppppp.p", "pppppp." };
    run(7, keys, ballots, "");
    expect_weights(0, 10000, 4167, 4167);
    expect_weights(1, 8000, 3333, 3333);
    expect_weights(2, 6000, 2500, 2500);
    expect_votes(0, 40000, 0, 40000);
    expect_votes(3, 40000, 0, 40000);
    expect_trust(1, 10000, 8100);
    sim_tally_free(&t);
}

/*
 * An operator of 10000 + 9000 + 8000 = 27000 among five, R = 67000. F(L) = 40000 + L above 10000,
 * 5L below. L1: 100 L <= 20 (40000 + L): L = 10000. L2: 5L >= 33500: 6700. L3 = 10000. L = 10000:
 * 10000 * 10000 / 27000 = 3703.7, 3333.3, 2962.96, of each less than a half. B = 3/2 leaves two
 * thirds of each: ceil(65536 / 1.5) = 43691 of 65536: 6666, 6000, 5333. T = 57999, and the cap is
 * not met. Vendor roots are seven, none above 33 %: nothing more is cut.
 */
Test(sim_tally, an_operator_above_its_cap_is_cut_to_it)
{
    const char *const keys[] = { "\"operator\": \"big\"",
                                 "\"operator\": \"big\", \"I\": 9000",
                                 "\"operator\": \"big\", \"I\": 8000",
                                 "",
                                 "",
                                 "",
                                 "" };
    const char *const ballots[] = { ".pppppp", "p.ppppp", "pp.pppp", "ppp.ppp",
                                    "pppp.pp", "ppppp.p", "pppppp." };
    run(7, keys, ballots, "");
    expect_weights(0, 10000, 10000, 6666);
    expect_weights(1, 9000, 9000, 6000);
    expect_weights(2, 8000, 8000, 5333);
    expect_weights(3, 10000, 10000, 10000);
    expect_votes(0, 51333, 0, 51333);
    cr_expect_not(t.tolerance.operator_cap_met);
    sim_tally_free(&t);
}

/*
 * Five of eight members on one vendor root, eight operators, R = 80000.
 * Operators: eight of 10000: L1: 100 L <= 160 L up to 10000: nothing is cut.
 * Vendors 50000, 10000, 10000, 10000: F(L) = 30000 + L: L1: 67 L <= 990000: 14776; L2 = 10000;
 * L3 = 10000. L = 14776: 2955.2 each, 2955 and 1 left: a gets 2956.
 * Operators 2956, 4 * 2955, 3 * 10000: F(L) = 14776 + 3L: L1: 40 L <= 295520: 7388; L2: 14776 + 3L
 * >= 40000: 8408; L3 = 2955. L = 8408: f, g, h are cut to 8408.
 * Vendors 14776, 3 * 8408, T = 40000: L1: 67 L <= 832392: 12423; L2: 40000 needs all: 14776.
 * L = 14776: nothing is cut. B = 3/2 leaves a to e 6666 each: T = 58554, and 56.9 % for the root.
 * Operators hold 14.4 % at most, so their cap is met.
 */
Test(sim_tally, a_vendor_of_the_majority_keeps_two_thirds_of_each_member)
{
    const char *const big = "\"vendor\": \"big\"";
    const char *const keys[] = { big, big, big, big, big, "", "", "" };
    const char *const ballots[] = { ".ppppppp", "p.pppppp", "pp.ppppp", "ppp.pppp",
                                    "pppp.ppp", "ppppp.pp", "pppppp.p", "ppppppp." };
    run(8, keys, ballots, "");
    for (unsigned i = 0; i < 5; i++)
        expect_weights(i, 10000, 10000, 6666);
    for (unsigned i = 5; i < 8; i++)
        expect_weights(i, 10000, 10000, 8408);
    cr_expect_eq(t.summary.total_weight, 58554u);
    cr_expect(t.tolerance.operator_cap_met);
    cr_expect_not(t.tolerance.vendor_cap_met);
    sim_tally_free(&t);
}

/* Nobody holds weight: every electorate is empty, lo = 0, hi = 10000, and nothing is certified. */
Test(sim_tally, a_network_of_suspended_members_holds)
{
    const char *const keys[] = { "\"I\": 0", "\"I\": 4999", "\"probation\": true" };
    const char *const ballots[] = { ".pp", "p.p", "pp." };
    run(3, keys, ballots, "");
    for (unsigned i = 0; i < 3; i++) {
        expect_votes(i, 0, 0, 0);
        expect_bounds(i, 0, 10000);
    }
    expect_trust(1, 10000, 4999);
    cr_expect_not(t.summary.certified);
    sim_tally_free(&t);
}
