/*
 * tests/unit/engine/consensus/test_simplex_ranges.c - thousands of views without finality, and X
 * over ranges of them (docs/protocol.md 5.27).
 */
#include "base/cbor.h"
#include "engine/consensus/simplex_internal.h"
#include "sim/simplex/world_internal.h"

#include <criterion/criterion.h>
#include <string.h>

static struct assay_sim_simplex *four(uint32_t views_max)
{
    const struct assay_sim_simplex_options options = { .seed = 11,
                                                       .slot_count = 4,
                                                       .weights = { 1, 1, 1, 1 },
                                                       .delay_min_ms = 1,
                                                       .delay_max_ms = 20,
                                                       .epoch_blocks = 1000,
                                                       .views_max = views_max,
                                                       .check_every = 101 };
    return assay_sim_simplex_create(&options);
}

/* No block of an earlier view is valid for anybody, as when clocks are wrong. */
static bool nothing_before(void *context, uint32_t machine, const struct assay_block_header *header)
{
    const uint64_t *view = context;
    (void)machine;
    return header->view >= *view;
}

static void require_sound(const struct assay_sim_simplex *w)
{
    const char *violation = assay_sim_simplex_violation(w);
    cr_assert(violation == NULL, "%s", violation == NULL ? "" : violation);
}

/* Views burn until machine 0 is there; time-outs that grow would only make it longer. */
static void burn_to(struct assay_sim_simplex *w, uint64_t view)
{
    struct assay_simplex_snapshot look;
    do {
        for (uint32_t i = 0; i < w->machine_count; i++) {
            w->machines[i].simplex->nullified_since_final = 0;
            w->machines[i].simplex->nullified_in_a_row = 0;
        }
        cr_assert(assay_sim_simplex_run(w, 100), "%s", assay_sim_simplex_violation(w));
        assay_sim_simplex_look(w, 0, &look);
    } while (look.view < view);
}

static uint32_t pages_held(const struct assay_simplex *s)
{
    uint32_t pages = 0;
    for (uint32_t i = 0; i < s->page_count; i++)
        pages += s->pages[i].range.view != 0;
    return pages;
}

/* Today's end of a network: 1024 nullified views. */
Test(simplex_ranges, a_network_goes_on_after_more_than_a_thousand_nullified_views, .timeout = 600)
{
    uint64_t view = 1100;
    struct assay_sim_simplex *w = four(256);
    assay_sim_simplex_set_judge(w, nothing_before, &view);
    burn_to(w, view);
    cr_expect(assay_sim_simplex_run_to_height(w, 8, 600000));
    require_sound(w);
    assay_sim_simplex_destroy(&w);
}

Test(simplex_ranges, four_thousand_nullified_views_are_named_by_few_certificates, .timeout = 600)
{
    uint64_t view = 4096 + 70;
    struct assay_sim_simplex *w = four(128);
    assay_sim_simplex_set_judge(w, nothing_before, &view);
    burn_to(w, view - 8); /* nothing is final yet */
    for (uint32_t i = 0; i < 4; i++) {
        const struct assay_simplex *s = w->machines[i].simplex;
        const uint32_t all = assay_sx_find_range_certificate(s, 17);
        cr_assert_neq(all, SX_NONE);
        cr_expect_eq((int)s->certificates[all].statement.type, ASSAY_VOTE_NULLIFY_4096);
        cr_expect_leq(pages_held(s), 2);
    }
    cr_expect(assay_sim_simplex_run_to_height(w, 8, 600000));
    require_sound(w);
    for (size_t i = 0; i < w->header_count; i++)
        if (w->headers[i].header.view > view) cr_expect_leq(w->headers[i].header.null_count, 130);
    assay_sim_simplex_destroy(&w);
}

Test(simplex_ranges, who_was_away_catches_up_by_ranges, .timeout = 600)
{
    uint64_t view = 4096 + 200;
    struct assay_sim_simplex *w = four(128);
    struct assay_simplex_snapshot look;
    assay_sim_simplex_set_judge(w, nothing_before, &view);
    assay_sim_simplex_crash(w, 3);
    burn_to(w, 4096 + 150);
    assay_sim_simplex_restart(w, 3);
    cr_assert(assay_sim_simplex_run(w, 20000), "%s", assay_sim_simplex_violation(w));
    assay_sim_simplex_look(w, 3, &look);
    cr_expect_gt(look.view, 4096 + 128);
    burn_to(w, view);
    cr_expect(assay_sim_simplex_run_to_height(w, 6, 600000));
    require_sound(w);
    assay_sim_simplex_destroy(&w);
}

Test(simplex_ranges, what_was_signed_over_a_range_outlives_a_power_cut, .timeout = 600)
{
    uint64_t view = 420;
    struct assay_sim_simplex *w = four(128);
    assay_sim_simplex_set_judge(w, nothing_before, &view);
    burn_to(w, 300);
    uint64_t through[4];
    for (uint32_t i = 0; i < 4; i++) {
        through[i] = w->machines[i].simplex->x_through;
        cr_expect_geq(through[i], 192);
        assay_sim_simplex_crash(w, i);
    }
    for (uint32_t i = 0; i < 4; i++) {
        assay_sim_simplex_restart(w, i);
        const struct assay_simplex *s = w->machines[i].simplex;
        cr_expect_eq(s->x_through, through[i]);
        cr_expect_geq(s->view, 300);
        cr_expect_leq(pages_held(s), 2);
        cr_expect_neq(assay_sx_find_range_certificate(s, 100), SX_NONE);
    }
    burn_to(w, view);
    cr_expect(assay_sim_simplex_run_to_height(w, 6, 600000));
    require_sound(w);
    assay_sim_simplex_destroy(&w);
}

enum { NEARLY_FINAL = 10, HEALED = 200 };

static bool one_view_alone(void *context, uint32_t machine, const struct assay_block_header *header)
{
    (void)context;
    (void)machine;
    return header->view == NEARLY_FINAL || header->view >= HEALED;
}

static bool no_f(void *context, uint32_t from, uint32_t to, enum assay_message_kind kind,
                 struct assay_slice payload)
{
    struct assay_vote vote;
    (void)context;
    (void)from;
    (void)to;
    if (kind != ASSAY_MESSAGE_VOTE || assay_vote_decode(payload, &vote) != ASSAY_OK) return true;
    return vote.statement.type != ASSAY_VOTE_FINALISE;
}

/* Everybody sent F in it and nobody heard: the range stays open, and its block is built on. */
Test(simplex_ranges, no_x_over_a_range_in_which_f_was_sent, .timeout = 600)
{
    struct assay_sim_simplex *w = four(256);
    assay_sim_simplex_set_judge(w, one_view_alone, NULL);
    assay_sim_simplex_set_filter(w, no_f, NULL);
    burn_to(w, 180);
    for (uint32_t i = 0; i < 4; i++) {
        const struct assay_simplex *s = w->machines[i].simplex;
        const struct sx_view *v = assay_sx_find_view(s, NEARLY_FINAL);
        cr_assert(v != NULL && v->cast[ASSAY_VOTE_FINALISE]);
        cr_expect_not(assay_sx_find_tally(s, ASSAY_VOTE_NULLIFY_64, 1)->cast[ASSAY_VOTE_NULLIFY]);
        cr_expect_eq(assay_sx_find_range_certificate(s, NEARLY_FINAL), SX_NONE);
        cr_expect_neq(assay_sx_find_range_certificate(s, 70), SX_NONE); /* the next one has none */
        cr_expect_eq(s->notarised_view, NEARLY_FINAL);
    }
    assay_sim_simplex_set_filter(w, NULL, NULL);
    cr_expect(assay_sim_simplex_run_to_height(w, 1, 600000)); /* F is sent again */
    cr_expect(assay_sim_simplex_run_to_height(w, 6, 9000000));
    require_sound(w);
    assay_sim_simplex_destroy(&w);
}

/* --- by hand: four machines of which none hears another; slot 3 may do what it likes */

enum { OWNER = 3 };

static bool nothing_passes(void *context, uint32_t from, uint32_t to, enum assay_message_kind kind,
                           struct assay_slice payload)
{
    (void)context;
    (void)from;
    (void)to;
    (void)kind;
    (void)payload;
    return false;
}

static struct assay_sim_simplex *silent(void)
{
    struct assay_sim_simplex *w = four(256);
    assay_sim_simplex_set_filter(w, nothing_passes, NULL);
    w->options.byzantine[OWNER] = true;
    return w;
}

static struct assay_vote_statement about(const struct assay_sim_simplex *w, uint64_t view,
                                         enum assay_vote_type type)
{
    struct assay_vote_statement statement = { .epoch = 1, .view = view, .type = type };
    assay_bytes_copy(statement.chain_id, 32, w->chain_id, 32);
    if (assay_vote_kind(type) != ASSAY_VOTE_NULLIFY) memset(statement.block_id, 0x5b, 32);
    return statement;
}

static enum assay_status vote(struct assay_sim_simplex *w, uint16_t slot, uint64_t view,
                              enum assay_vote_type type)
{
    const struct assay_vote_statement statement = about(w, view, type);
    uint8_t digest[32], bytes[ASSAY_VOTE_LEN_MAX], signature[ASSAY_P256_SIGNATURE_LEN];
    assay_vote_statement_digest(&statement, digest);
    assay_sim_simplex_sign(w, slot, digest, signature);
    struct assay_writer out = assay_writer_over(bytes, sizeof bytes);
    assay_vote_encode(&statement, slot, signature, &out);
    return assay_sim_simplex_inject(w, 1, slot, ASSAY_MESSAGE_VOTE,
                                    assay_slice_over(bytes, out.len));
}

/* Of all slots but that of machine 1. Returns: its length. */
static size_t make_certificate(const struct assay_sim_simplex *w, uint64_t view,
                               enum assay_vote_type type,
                               uint8_t bytes[static ASSAY_CERTIFICATE_LEN_MAX])
{
    const struct assay_vote_statement statement = about(w, view, type);
    const uint8_t bitmap = 13;
    uint8_t digest[32], signatures[3 * ASSAY_P256_SIGNATURE_LEN];
    assay_vote_statement_digest(&statement, digest);
    assay_sim_simplex_sign(w, 0, digest, signatures);
    assay_sim_simplex_sign(w, 2, digest, signatures + ASSAY_P256_SIGNATURE_LEN);
    assay_sim_simplex_sign(w, 3, digest, signatures + 2 * ASSAY_P256_SIGNATURE_LEN);
    struct assay_writer out = assay_writer_over(bytes, ASSAY_CERTIFICATE_LEN_MAX);
    assay_certificate_encode(&statement, assay_slice_over(&bitmap, 1),
                             assay_slice_over(signatures, sizeof signatures), &out);
    cr_assert_not(out.full);
    return out.len;
}

static enum assay_status certify(struct assay_sim_simplex *w, uint64_t view,
                                 enum assay_vote_type type)
{
    uint8_t bytes[ASSAY_CERTIFICATE_LEN_MAX];
    const size_t len = make_certificate(w, view, type, bytes);
    return assay_sim_simplex_inject(w, 1, 2, ASSAY_MESSAGE_CERTIFICATE,
                                    assay_slice_over(bytes, len));
}

static uint64_t accusations(const struct assay_sim_simplex *w)
{
    struct assay_sim_simplex_counts counts;
    assay_sim_simplex_counts(w, &counts);
    if (counts.accusations > 0) {
        cr_expect_eq(counts.last_proof, 3);
        cr_expect_eq(counts.last_accused, OWNER);
    }
    return counts.accusations;
}

Test(simplex_ranges, x_over_a_range_and_f_in_it_convict_in_either_order)
{
    static const enum assay_vote_type types[] = { ASSAY_VOTE_NULLIFY_64, ASSAY_VOTE_NULLIFY_4096 };
    for (size_t i = 0; i < 4; i++) {
        struct assay_sim_simplex *w = silent();
        const bool f_first = i % 2 == 0;
        if (f_first) cr_expect_eq(vote(w, OWNER, 7, ASSAY_VOTE_FINALISE), ASSAY_OK);
        cr_expect_eq(vote(w, OWNER, 1, types[i / 2]), ASSAY_OK);
        if (!f_first) cr_expect_eq(vote(w, OWNER, 7, ASSAY_VOTE_FINALISE), ASSAY_OK);
        cr_expect_eq(accusations(w), 1, "case %zu", i);
        cr_expect_eq(vote(w, OWNER, 8, ASSAY_VOTE_FINALISE), ASSAY_OK);
        cr_expect_eq(accusations(w), 1); /* told once */
        require_sound(w);
        assay_sim_simplex_destroy(&w);
    }
}

Test(simplex_ranges, x_over_a_range_and_f_elsewhere_convict_nobody)
{
    struct assay_sim_simplex *w = silent();
    cr_expect_eq(vote(w, OWNER, 1, ASSAY_VOTE_NULLIFY_64), ASSAY_OK);
    cr_expect_eq(vote(w, OWNER, 65, ASSAY_VOTE_FINALISE), ASSAY_OK);
    cr_expect_eq(vote(w, OWNER, 20, ASSAY_VOTE_NOTARISE), ASSAY_OK);
    cr_expect_eq(vote(w, OWNER, 20, ASSAY_VOTE_NULLIFY), ASSAY_OK);
    cr_expect_eq(accusations(w), 0);
    require_sound(w);
    assay_sim_simplex_destroy(&w);
}

Test(simplex_ranges, f_in_a_range_that_was_forgotten_convicts_with_its_certificate)
{
    struct assay_sim_simplex *w = silent();
    cr_expect_eq(certify(w, 1, ASSAY_VOTE_NULLIFY_64), ASSAY_OK);
    const struct assay_simplex *s = w->machines[1].simplex;
    cr_expect_eq(s->view, 65);
    cr_expect_null(assay_sx_find_view(s, 7));
    cr_expect_eq(vote(w, OWNER, 7, ASSAY_VOTE_FINALISE), ASSAY_E_STALE);
    cr_expect_eq(accusations(w), 1);
    cr_expect_eq(vote(w, OWNER, 9, ASSAY_VOTE_FINALISE), ASSAY_E_STALE);
    cr_expect_eq(accusations(w), 1);
    require_sound(w);
    assay_sim_simplex_destroy(&w);
}

Test(simplex_ranges, one_certificate_leaves_a_whole_range_and_no_view_more)
{
    struct assay_sim_simplex *w = silent();
    const struct assay_simplex *s = w->machines[1].simplex;
    cr_expect_eq(certify(w, 129, ASSAY_VOTE_NULLIFY_64), ASSAY_OK); /* ahead: kept for then */
    cr_expect_eq(s->view, 1);
    cr_expect_eq(certify(w, 1, ASSAY_VOTE_NULLIFY_64), ASSAY_OK);
    cr_expect_eq(s->view, 65);
    for (uint64_t view = 65; view < 129; view++) {
        cr_expect_eq(s->view, view);
        cr_expect_eq(certify(w, view, ASSAY_VOTE_NULLIFY), ASSAY_OK);
    }
    cr_expect_eq(s->view, 193); /* and through the one that was held */
    cr_expect_eq(certify(w, 1, ASSAY_VOTE_NULLIFY_4096), ASSAY_OK);
    cr_expect_eq(s->view, 4097);
    cr_expect_eq(certify(w, 65, ASSAY_VOTE_NULLIFY_64), ASSAY_E_DUPLICATE);
    cr_expect_eq(pages_held(s), 1);
    assay_simplex_check(s);
    require_sound(w);
    assay_sim_simplex_destroy(&w);
}

Test(simplex_ranges, votes_far_ahead_take_no_memory_and_keep_nobody_out)
{
    struct assay_sim_simplex *w = silent();
    const struct assay_simplex *s = w->machines[1].simplex;
    cr_expect_eq(vote(w, OWNER, 4097, ASSAY_VOTE_NULLIFY_4096), ASSAY_E_EARLY);
    cr_expect_eq(vote(w, OWNER, 64 * 40 + 1, ASSAY_VOTE_NULLIFY_64), ASSAY_E_EARLY);
    for (uint64_t page = 1; page < 4; page++)
        cr_expect_eq(vote(w, OWNER, 64 * page + 1, ASSAY_VOTE_NULLIFY_64), ASSAY_OK);
    cr_expect_eq(vote(w, OWNER, 64 * 4 + 1, ASSAY_VOTE_NULLIFY_64), ASSAY_E_EARLY);
    cr_expect_eq(pages_held(s), 4); /* all there are, and every one is a page that comes */
    for (uint64_t view = 1; view <= 256; view++)
        cr_expect_eq(certify(w, view, ASSAY_VOTE_NULLIFY), ASSAY_OK);
    cr_expect_eq(s->view, 256); /* no page more without a range */
    cr_expect_eq(certify(w, 65, ASSAY_VOTE_NULLIFY_64), ASSAY_OK);
    cr_expect_eq(s->view, 257);
    assay_simplex_check(s);
    require_sound(w);
    assay_sim_simplex_destroy(&w);
}

/* --- names in a proposal */

struct named {
    uint64_t view;
    enum assay_vote_type type;
};

/* Returns: whether a block of a view on the base may name these. */
static bool tiles(const struct assay_sim_simplex *w, uint64_t parent, uint64_t view,
                  const struct named *names, uint32_t count)
{
    uint8_t nulls[8][32], missing[1][32], bytes[ASSAY_CERTIFICATE_LEN_MAX];
    bool bad = false;
    for (uint32_t i = 0; i < count; i++) {
        struct assay_vote_certificate c;
        const size_t len = make_certificate(w, names[i].view, names[i].type, bytes);
        cr_assert_eq(assay_certificate_decode(assay_slice_over(bytes, len), 4, &c), ASSAY_OK);
        assay_bytes_copy(nulls[i], 32, c.commitment, 32);
    }
    struct assay_block block = { .used = true, .nulls = assay_slice_over(nulls, 32 * count) };
    block.header.parent_view = parent;
    block.header.view = view;
    block.header.null_count = count;
    struct assay_simplex *s = w->machines[1].simplex;
    if (parent > 0) { /* its certificate is not what is looked at here */
        const size_t len = make_certificate(w, parent, ASSAY_VOTE_NOTARISE, bytes);
        struct assay_vote_certificate c;
        cr_assert_eq(assay_certificate_decode(assay_slice_over(bytes, len), 4, &c), ASSAY_OK);
        assay_bytes_copy(block.header.parent_proof, 32, c.commitment, 32);
        memset(block.header.parent_id, 0x5b, 32);
    }
    const size_t count_missing = assay_sx_missing_certificates(s, &block, missing, 1, &bad);
    return count_missing == 0 && !bad;
}

Test(simplex_ranges, names_leave_no_view_out_and_stand_for_what_they_say)
{
    struct assay_sim_simplex *w = silent();
    cr_expect_eq(certify(w, 62, ASSAY_VOTE_NOTARISE), ASSAY_OK);
    for (uint64_t view = 63; view <= 66; view++)
        cr_expect_eq(certify(w, view, ASSAY_VOTE_NULLIFY), ASSAY_OK);
    cr_expect_eq(certify(w, 65, ASSAY_VOTE_NULLIFY_64), ASSAY_OK);
    cr_expect_eq(certify(w, 129, ASSAY_VOTE_NULLIFY), ASSAY_OK);
    cr_expect_eq(certify(w, 1, ASSAY_VOTE_NULLIFY_64), ASSAY_OK);
    const struct named range = { 1, ASSAY_VOTE_NULLIFY_64 }, next = { 65, ASSAY_VOTE_NULLIFY_64 };
    const struct named v63 = { 63, ASSAY_VOTE_NULLIFY }, v64 = { 64, ASSAY_VOTE_NULLIFY };
    const struct named v65 = { 65, ASSAY_VOTE_NULLIFY }, v66 = { 66, ASSAY_VOTE_NULLIFY };
    const struct named v129 = { 129, ASSAY_VOTE_NULLIFY };
    const struct {
        uint64_t parent, view;
        uint32_t count;
        struct named names[4];
        bool holds;
    } cases[] = {
        { 0, 65, 1, { range }, true },
        { 0, 66, 1, { range }, false },           /* 65 is left out */
        { 0, 66, 2, { range, v65 }, true },
        { 0, 66, 2, { range, v66 }, false },      /* of another view */
        { 0, 129, 2, { range, next }, true },
        { 0, 129, 2, { next, range }, false },    /* not in order */
        { 0, 130, 3, { range, next, v129 }, true },
        { 0, 130, 2, { range, v129 }, false },
        { 0, 67, 3, { range, v65, v66 }, true },  /* singly where a range would do */
        { 62, 65, 1, { range }, true },           /* a range that begins below the parent */
        { 62, 65, 2, { v63, v64 }, true },
        { 62, 65, 2, { v63, range }, true },
        { 62, 65, 2, { range, v64 }, false },     /* stands for nothing that is left */
        { 62, 66, 2, { v64, v65 }, false },
        { 62, 67, 2, { range, next }, true },
    };
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++)
        cr_expect_eq(
            tiles(w, cases[i].parent, cases[i].view, cases[i].names, cases[i].count),
            cases[i].holds, "case %zu", i);
    assay_sim_simplex_destroy(&w);
}

/* --- resuming (docs/protocol.md 5.29) */

Test(simplex_ranges, a_resumed_machine_signs_nothing_where_others_have_forgotten_its_votes)
{
    struct assay_sim_simplex *w = four(256);
    assay_sim_simplex_run(w, 1);
    assay_sim_simplex_set_filter(w, nothing_passes, NULL);
    assay_sim_simplex_crash(w, 1);
    assay_sim_simplex_restart(w, 1);
    struct assay_simplex *s = w->machines[1].simplex;
    uint8_t bytes[2048], certificate[ASSAY_CERTIFICATE_LEN_MAX];
    for (int forged = 1; forged >= 0; forged--) {
        const size_t len = make_certificate(w, 193, ASSAY_VOTE_NULLIFY_64, certificate);
        struct assay_writer out = assay_writer_over(bytes, sizeof bytes);
        if (forged) certificate[len - 1] ^= 1;
        assay_cbor_put_array(&out, 6);
        assay_cbor_put_bytes(&out, w->chain_id, 32);
        assay_cbor_put_uint(&out, 0);
        assay_cbor_put_uint(&out, 1);
        assay_cbor_put_uint(&out, s->resume.nonce);
        assay_cbor_put_array(&out, 0);
        assay_cbor_put_array(&out, 1);
        assay_cbor_put_bytes(&out, certificate, len);
        cr_assert_not(out.full);
        const uint16_t from = forged ? 2 : 0;
        cr_expect_eq(assay_sim_simplex_inject(w, 1, from, ASSAY_MESSAGE_RESUME_ANSWER,
                                              assay_slice_over(bytes, out.len)),
                     ASSAY_OK);
        cr_expect_eq(s->resume.forgotten, forged ? 0 : 256);
        cr_expect_eq(s->resume.floor >= 256, !forged);
    }
    for (int i = 0; i < 200; i++) { /* time-outs pass, and no X comes of them */
        cr_assert(assay_sim_simplex_run(w, 1000), "%s", assay_sim_simplex_violation(w));
        const struct sx_view *v = assay_sx_find_view(s, s->view);
        cr_assert(v == NULL || !v->cast[ASSAY_VOTE_NULLIFY]);
    }
    require_sound(w);
    assay_sim_simplex_destroy(&w);
}

/* --- late votes */

static bool no_n_and_no_range(void *context, uint32_t from, uint32_t to,
                              enum assay_message_kind kind, struct assay_slice payload)
{
    struct assay_vote vote;
    (void)context;
    (void)from;
    (void)to;
    if (kind != ASSAY_MESSAGE_VOTE || assay_vote_decode(payload, &vote) != ASSAY_OK) return true;
    return vote.statement.type != ASSAY_VOTE_NOTARISE && assay_vote_span(vote.statement.type) == 1;
}

/* N was cast, X of the view was not, and the notarisation comes after X over the range. */
Test(simplex_ranges, no_f_comes_after_x_over_its_range_however_late, .timeout = 600)
{
    struct assay_sim_simplex *w = four(256);
    struct assay_simplex *s = w->machines[1].simplex;
    uint8_t digest[32], signatures[3 * ASSAY_P256_SIGNATURE_LEN], bytes[ASSAY_CERTIFICATE_LEN_MAX];
    const uint8_t bitmap = 13;
    static const uint16_t slots[3] = { 0, 2, 3 };
    assay_sim_simplex_set_judge(w, one_view_alone, NULL);
    assay_sim_simplex_set_filter(w, no_n_and_no_range, NULL);
    burn_to(w, 100);
    struct sx_view *v = assay_sx_find_view(s, NEARLY_FINAL);
    cr_assert(v != NULL && v->cast[ASSAY_VOTE_NOTARISE] && !v->cast[ASSAY_VOTE_FINALISE]);
    cr_assert_eq(s->x_through, 64);
    v->cast[ASSAY_VOTE_NULLIFY] = false; /* as if others had nullified it alone */
    struct assay_vote_statement st = about(w, NEARLY_FINAL, ASSAY_VOTE_NOTARISE);
    assay_bytes_copy(st.block_id, 32, v->cast_id[ASSAY_VOTE_NOTARISE], 32);
    assay_vote_statement_digest(&st, digest);
    for (size_t i = 0; i < 3; i++)
        assay_sim_simplex_sign(w, slots[i], digest, signatures + i * ASSAY_P256_SIGNATURE_LEN);
    struct assay_writer out = assay_writer_over(bytes, sizeof bytes);
    assay_certificate_encode(&st, assay_slice_over(&bitmap, 1),
                             assay_slice_over(signatures, sizeof signatures), &out);
    cr_expect_eq(assay_sim_simplex_inject(w, 1, 2, ASSAY_MESSAGE_CERTIFICATE,
                                          assay_slice_over(bytes, out.len)),
                 ASSAY_OK);
    cr_expect_neq(v->certificate[ASSAY_VOTE_NOTARISE], SX_NONE);
    cr_expect_not(v->cast[ASSAY_VOTE_FINALISE]);
    require_sound(w);
    assay_sim_simplex_destroy(&w);
}
