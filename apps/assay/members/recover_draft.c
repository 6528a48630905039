/*
 * apps/assay/members/recover_draft.c - `assay recover draft`: comparison of answers, and a RECOVER
 * on the highest head among them, made by the node that has it (docs/protocol.md 9.14, 9.15:
 * answers and RECOVER).
 */
#include "apps/assay/members/recover.h"

#include "apps/assay/core/command.h"
#include "apps/assay/core/file_fault.h"
#include "apps/assay/evidence/evidence_print.h"
#include "base/assert.h"
#include "base/cbor.h"
#include "host/recovery.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

typedef unsigned long long llu;

/* Everything large is on the heap and freed by close_drafting. */
struct drafting {
    const struct assay_recover_options *options;
    struct assay_change_source source;
    struct assay_recovery *judged;
    uint8_t **answers; /* [file_count] */
    struct assay_answer_file *files;
    uint8_t *change, *body, *fence, *grounds;
    size_t change_len, body_len, fence_len, grounds_len;
    bool grounded;              /* answers of more than a third: no node needs a manual decision */
    struct assay_json *drafted; /* what the node made of it */
};

static void close_drafting(struct drafting *d)
{
    if (d->judged != NULL) assay_recovery_free(d->judged);
    for (int i = 0; d->answers != NULL && i < d->options->file_count; i++)
        free(d->answers[i]);
    cli_change_source_close(&d->source);
    assay_json_free(&d->drafted);
    free(d->judged);
    free(d->answers);
    free(d->files);
    free(d->change);
    free(d->body);
    free(d->fence);
    free(d->grounds);
}

static int report_failure(const struct drafting *d, enum assay_status status, const char *what)
{
    return cli_change_fail(&d->options->change, status, what);
}

static void set_own_head(struct drafting *d, const struct assay_json *data)
{
    uint8_t *id = NULL;
    size_t len = 0;
    if (cli_recover_hex(data, "head_id", 32, &id, &len) && len == 32)
        assay_recovery_set_own_head(d->judged, assay_json_uint(data, "height", 0),
                                    assay_json_uint(data, "view", 0), id);
    free(id);
}

/* The node's own fence is the one that is answered, and its own chain proves its head. */
static int begin_judging(struct drafting *d)
{
    struct assay_json *document = NULL;
    struct assay_fence fence;
    int result = cli_recover_request(d->options, "status", (struct assay_slice){ 0 }, &document);
    if (result != ASSAY_EXIT_OK) return result;
    const bool fenced = cli_recover_hex(assay_json_get(document, "data"), "fence",
                                        ASSAY_FENCE_LEN_MAX, &d->fence, &d->fence_len);
    if (!fenced ||
        assay_fence_decode(assay_slice_over(d->fence, d->fence_len), &fence) != ASSAY_OK) {
        assay_json_free(&document);
        return cli_print_error(d->options->change.json, ASSAY_EXIT_CONFLICT, "conflict",
                               "recover draft: no fence is in force at the node that drafts");
    }
    const enum assay_status status =
        assay_recovery_init(d->judged, &d->source.basis->state, fence.digest);
    if (status == ASSAY_OK) set_own_head(d, assay_json_get(document, "data"));
    assay_json_free(&document);
    return status == ASSAY_OK ? ASSAY_EXIT_OK : report_failure(d, status, "the newest state");
}

static int open_drafting(struct drafting *d)
{
    const size_t count = (size_t)d->options->file_count;
    d->judged = calloc(1, sizeof *d->judged);
    d->answers = calloc(count, sizeof *d->answers);
    d->files = calloc(count, sizeof *d->files);
    d->change = malloc(ASSAY_CHANGE_RECORD_LEN_MAX);
    d->body = malloc(ASSAY_RECOVER_BODY_LEN_MAX);
    d->grounds = malloc(ASSAY_RECOVER_LEN_MAX);
    if (d->judged == NULL || d->answers == NULL || d->files == NULL || d->change == NULL ||
        d->body == NULL || d->grounds == NULL)
        return report_failure(d, ASSAY_E_MEMORY, "start");
    const int result = cli_change_source_open(&d->options->change, &d->source);
    if (result != ASSAY_EXIT_OK) return result;
    return begin_judging(d);
}

/* ------------------------------------------------------------ answers */

static int add_answer(struct drafting *d, int i)
{
    const char *path = d->options->files[i];
    const char *why = "";
    size_t len = 0;
    enum assay_status status = assay_file_read(path, ASSAY_ANSWER_LEN_MAX, &d->answers[i], &len);
    if (status == ASSAY_OK)
        status = assay_answer_decode(assay_slice_over(d->answers[i], len), &d->files[i]);
    if (assay_status_class(status) == ASSAY_CLASS_INPUT && status != ASSAY_E_NOT_FOUND)
        return cli_print_error(d->options->change.json, ASSAY_EXIT_MALFORMED, "malformed",
                               "recover draft: %s: %s", path,
                               cli_file_fault_of(path, status, "an answer to a fence"));
    if (status != ASSAY_OK) return report_failure(d, status, path);
    status = assay_recovery_add(d->judged, &d->files[i], &why);
    if (status == ASSAY_OK) return ASSAY_EXIT_OK;
    return cli_print_error(d->options->change.json, ASSAY_EXIT_CONFLICT, "conflict",
                           "recover draft: %s: %s", path, why);
}

static int load_answers(struct drafting *d)
{
    ASSAY_ASSERT(d->source.basis != NULL);
    for (int i = 0; i < d->options->file_count; i++) {
        const int result = add_answer(d, i);
        if (result != ASSAY_EXIT_OK) return result;
    }
    const enum assay_status status = assay_recovery_evaluate(d->judged);
    if (status == ASSAY_E_INVALID)
        return cli_print_error(d->options->change.json, ASSAY_EXIT_CONFLICT, "conflict",
                               "recover draft: two answers name different final blocks of one "
                               "height: more than a third of the weight lies");
    if (status == ASSAY_E_NOT_FOUND)
        return cli_print_error(d->options->change.json, ASSAY_EXIT_CONFLICT, "conflict",
                               "recover draft: no answer names a final head that is proven here: "
                               "draft by the node that has the highest");
    d->grounded = status == ASSAY_OK;
    if (!d->grounded && !d->options->forced)
        return cli_print_error(d->options->change.json, ASSAY_EXIT_DENIED, "denied",
                               "recover draft: weight %llu of %llu has answered: more than a "
                               "third is needed, or no honest member may be among them; with "
                               "--forced every node then needs assay recover accept",
                               (llu)d->judged->answered_weight, (llu)d->judged->total_weight);
    return d->grounded || status == ASSAY_E_SIGNATURE ? ASSAY_EXIT_OK
                                                      : report_failure(d, status, "answers");
}

/* protocol.md 9.15: without complete logs of more than two thirds, final state may be undone, and
 * operators must confirm it. */
static int check_forced(const struct drafting *d)
{
    if (assay_recovery_is_certain(d->judged) || d->options->forced) return ASSAY_EXIT_OK;
    return cli_print_error(d->options->change.json, ASSAY_EXIT_WARNING, "forced",
                           "recover draft: this is a forced RECOVER: answers with complete logs "
                           "have weight %llu of %llu, and something final may be undone, or go "
                           "on in parallel where members that did not answer still run. Make sure "
                           "that they are gone, and draft with --forced",
                           (llu)d->judged->complete_weight, (llu)d->judged->total_weight);
}

/* ------------------------------------------------------------ body, header */

static int make_change(struct drafting *d)
{
    ASSAY_ASSERT(d->source.basis != NULL); /* open_drafting */
    const struct assay_state *state = &d->source.basis->state;
    struct assay_json *document = NULL;
    struct assay_change head = { .era = state->era + 1, .activation = state->epoch + 2 };
    int result = cli_recover_request(d->options, "status", (struct assay_slice){ 0 }, &document);
    if (result != ASSAY_EXIT_OK) return result;
    head.sequence = assay_json_uint(assay_json_get(document, "data"), "next_sequence", 0);
    assay_json_free(&document);
    assay_bytes_copy(head.chain_id, 32, state->chain_id, 32);
    return cli_change_draft_record(&d->options->change, &head, d->change, &d->change_len);
}

static int make_body(struct drafting *d)
{
    struct assay_writer w = assay_writer_over(d->body, ASSAY_RECOVER_BODY_LEN_MAX);
    const enum assay_status status = assay_recover_body_encode(
        assay_slice_over(d->change, d->change_len), d->judged->listed, d->judged->key_count, &w);
    d->body_len = w.len;
    return status == ASSAY_OK ? ASSAY_EXIT_OK : report_failure(d, status, "the actions");
}

static int make_grounds(struct drafting *d)
{
    struct assay_writer w = assay_writer_over(d->grounds, ASSAY_RECOVER_LEN_MAX);
    const enum assay_status status =
        assay_recovery_encode_grounds(d->judged, assay_slice_over(d->fence, d->fence_len), &w);
    d->grounds_len = w.len;
    return status == ASSAY_OK ? ASSAY_EXIT_OK : report_failure(d, status, "the answers");
}

static int ask_draft(struct drafting *d)
{
    const size_t size = d->body_len + d->grounds_len + 64;
    uint8_t *bytes = malloc(size);
    if (bytes == NULL) return report_failure(d, ASSAY_E_MEMORY, "draft");
    struct assay_writer w = assay_writer_over(bytes, size);
    assay_cbor_put_array(&w, 2);
    assay_cbor_put_bytes(&w, d->body, d->body_len);
    assay_cbor_put_bytes(&w, d->grounds, d->grounds_len);
    const int result =
        cli_recover_request(d->options, "draft", assay_slice_over(bytes, w.len), &d->drafted);
    free(bytes);
    return result;
}

/* The node that is asked must have the very head that was chosen. */
static int write_file(struct drafting *d)
{
    const struct assay_json *data = assay_json_get(d->drafted, "data");
    const struct assay_recovery_answer *head = &d->judged->answers[d->judged->head];
    struct assay_recover_file file = { .is_fence = false };
    uint8_t *header = NULL, *operators = NULL;
    size_t header_len = 0, operators_len = 0;
    struct assay_block_header h;
    int result = ASSAY_EXIT_INTERNAL;
    if (cli_recover_hex(data, "header", ASSAY_BLOCK_HEADER_LEN_MAX, &header, &header_len) &&
        cli_recover_hex(data, "operators", ASSAY_OPERATORS_LEN_MAX, &operators, &operators_len) &&
        assay_block_header_decode(assay_slice_over(header, header_len), &h) == ASSAY_OK) {
        file.recover.header_bytes = assay_slice_over(header, header_len);
        file.recover.body = assay_slice_over(d->body, d->body_len);
        file.recover.grounds = assay_slice_over(d->grounds, d->grounds_len);
        file.recover.operators = assay_slice_over(operators, operators_len);
        if (assay_bytes_equal(h.parent_id, head->id, 32))
            result =
                cli_recover_file_write(d->options, d->options->change.out, &file, NULL, NULL, 0);
        else
            result = cli_print_error(
                d->options->change.json, ASSAY_EXIT_CONFLICT, "conflict",
                "recover draft: the highest head among the answers is height %llu of %s, this "
                "node has height %llu: draft by the socket of the one that has it, and give the "
                "answers of both",
                (llu)head->height, d->source.basis->state.members[d->judged->head].name,
                (llu)h.height - 1);
    }
    free(header);
    free(operators);
    return result;
}

/* ------------------------------------------------------------ what it means */

static bool in_doubt(const struct drafting *d)
{
    return assay_recovery_in_doubt(d->judged);
}

static void print_members(const struct drafting *d)
{
    const struct assay_recovery *r = d->judged;
    const struct assay_state *s = &d->source.basis->state;
    for (uint32_t i = 0; i < r->voters.count; i++) {
        const struct assay_recovery_answer *a = &r->answers[i];
        if (s->members[i].stage == ASSAY_STAGE_LEFT) continue;
        if (!a->given)
            (void)printf("silent     %-24s weight %u%s\n", s->members[i].name, r->weights[i],
                         r->weights[i] > 0 ? ": may have signed above the head" : "");
        else
            (void)printf("answered   %-24s weight %u, epoch %llu, height %llu%s%s%s%s\n",
                         s->members[i].name, r->weights[i], (llu)a->epoch, (llu)a->height,
                         a->proven ? "" : " (not proven here)", a->whole ? "" : ", log incomplete",
                         a->has_keys ? ", new key set" : "",
                         a->counted ? "" : ", not by the listed voting key: weighs nothing");
    }
}

/* host/recovery.h: a list of blocks that has no place left; whether there are more is not known. */
static bool is_list_full(const struct assay_recovery *r)
{
    ASSAY_ASSERT(r->shown_count <= ASSAY_RECOVERY_DOUBTS_MAX);
    return r->shown_count == ASSAY_RECOVERY_DOUBTS_MAX;
}

static void print_doubts(const struct drafting *d)
{
    const struct assay_recovery *r = d->judged;
    char hex[65];
    (void)printf("unknown    weight %llu of %llu: silent, or with an incomplete log\n",
                 (llu)r->unknown_weight, (llu)r->voters.total_weight);
    for (uint32_t i = 0; i < r->shown_count; i++) {
        const struct assay_recovery_doubt *x = &r->shown[i];
        if (x->view <= r->answers[r->head].view) continue;
        assay_hex_encode(x->id, sizeof x->id, hex, sizeof hex);
        (void)printf("above      height %llu, view %llu, %.64s: votes to finalise it have weight "
                     "%llu: %s\n",
                     (llu)x->height, (llu)x->view, hex, (llu)x->weight,
                     assay_recovery_may_be_final(r, x) ? "MAY BE FINAL somewhere, and is undone"
                                                       : "is final nowhere");
    }
    if (is_list_full(r))
        (void)printf("above      no more than %u blocks are listed: others are weighed all the "
                     "same, and count in what follows\n",
                     (unsigned)ASSAY_RECOVERY_DOUBTS_MAX);
    if (in_doubt(d))
        (void)puts("undone     what became final above the head, if anything did, is UNDONE by "
                   "this RECOVER");
    else
        (void)printf("undone     nothing that is final, unless answers of weight %llu or more "
                     "are false\n",
                     (llu)assay_recovery_margin(r));
}

static void print_answers(const struct drafting *d)
{
    const struct assay_recovery *r = d->judged;
    const struct assay_recovery_answer *head = &r->answers[r->head];
    print_members(d);
    (void)printf("answers    weight %llu of %llu, with complete logs %llu: %s\n",
                 (llu)r->answered_weight, (llu)r->total_weight, (llu)r->complete_weight,
                 assay_recovery_is_certain(r) ? "certain"
                 : d->grounded                ? "forced"
                                              : "a third or less: assay recover accept");
    (void)printf("head       epoch %llu, height %llu, view %llu, of %s\n", (llu)head->epoch,
                 (llu)head->height, (llu)head->view, d->source.basis->state.members[r->head].name);
    print_doubts(d);
}

/* Its actions, as `recover show` has them. Returns: NULL without one. */
static struct assay_json *effect_json(const struct drafting *d)
{
    struct assay_change change;
    if (d->change_len == 0 ||
        assay_change_record_read(assay_slice_over(d->change, d->change_len), &change) != ASSAY_OK)
        return NULL;
    struct assay_json *effect = assay_json_object();
    cli_change_put_effect(&d->options->change, &d->source, &change, 0, effect);
    return effect;
}

static void print_draft(const struct drafting *d)
{
    const struct assay_json *data = assay_json_get(d->drafted, "data");
    struct assay_json *effect = effect_json(d);
    print_answers(d);
    cli_change_print_effect(effect);
    assay_json_free(&effect);
    (void)printf("new era    %u key sets, %llu voters of weight %llu in all; shares at most: "
                 "platform %.2f %%, operator %.2f %%, vendor root %.2f %%\n",
                 (unsigned)d->judged->key_count, (llu)assay_json_uint(data, "voters", 0),
                 (llu)assay_json_uint(data, "total_weight", 0),
                 (double)assay_json_uint(data, "largest_platform_bp", 0) / 100,
                 (double)assay_json_uint(data, "largest_operator_bp", 0) / 100,
                 (double)assay_json_uint(data, "largest_vendor_bp", 0) / 100);
    (void)printf("%s: unsigned: assay recover show, assay recover sign\n", d->options->change.out);
}

static int print_json(const struct drafting *d)
{
    const struct assay_recovery *r = d->judged;
    const struct assay_recovery_answer *head = &r->answers[r->head];
    const struct assay_json *data = assay_json_get(d->drafted, "data");
    struct assay_json *out = assay_json_object(), *above = assay_json_array();
    assay_json_set_uint(out, "epoch", head->epoch);
    assay_json_set_uint(out, "height", head->height);
    assay_json_set_hex(out, "head_id", head->id, sizeof head->id);
    assay_json_set_uint(out, "total_weight", r->total_weight);
    assay_json_set_uint(out, "seats_weight", r->voters.total_weight);
    assay_json_set_uint(out, "complete_weight", r->complete_weight);
    assay_json_set_bool(out, "certain", assay_recovery_is_certain(r));
    assay_json_set_bool(out, "manual", !d->grounded);
    assay_json_set_uint(out, "answered_weight", r->answered_weight);
    assay_json_set_uint(out, "unknown_weight", r->unknown_weight);
    assay_json_set_bool(out, "in_doubt", in_doubt(d));
    assay_json_set_uint(out, "false_weight_needed", assay_recovery_margin(r));
    assay_json_set_uint(out, "key_sets", r->key_count);
    assay_json_set_uint(out, "new_voters", assay_json_uint(data, "voters", 0));
    assay_json_set_uint(out, "new_total_weight", assay_json_uint(data, "total_weight", 0));
    for (uint32_t i = 0; i < r->shown_count; i++) {
        const struct assay_recovery_doubt *x = &r->shown[i];
        if (x->view <= head->view) continue;
        struct assay_json *const block = assay_json_append_object(above);
        assay_json_set_uint(block, "height", x->height);
        assay_json_set_uint(block, "view", x->view);
        assay_json_set_hex(block, "id", x->id, sizeof x->id);
        assay_json_set_uint(block, "proven_weight", x->weight);
        assay_json_set_bool(block, "may_be_final", assay_recovery_may_be_final(r, x));
    }
    assay_json_set(out, "above", above);
    assay_json_set_bool(out, "above_limited", is_list_full(r));
    struct assay_json *effect = effect_json(d);
    if (effect != NULL) assay_json_set(out, "change", effect);
    return cli_print_envelope("assay.recover.draft", out);
}

int cli_recover_run_draft(const struct assay_recover_options *options)
{
    struct drafting d = { .options = options };
    int result = open_drafting(&d);
    if (result == ASSAY_EXIT_OK) result = load_answers(&d);
    if (result == ASSAY_EXIT_OK && !options->forced) {
        result = check_forced(&d);
        if (result != ASSAY_EXIT_OK && !options->change.json) print_answers(&d);
    }
    if (result == ASSAY_EXIT_OK) result = make_change(&d);
    if (result == ASSAY_EXIT_OK) result = make_body(&d);
    if (result == ASSAY_EXIT_OK) result = make_grounds(&d);
    if (result == ASSAY_EXIT_OK) result = ask_draft(&d);
    if (result == ASSAY_EXIT_OK) result = write_file(&d);
    if (result == ASSAY_EXIT_OK && options->change.json) result = print_json(&d);
    else if (result == ASSAY_EXIT_OK) print_draft(&d);
    if (result == ASSAY_EXIT_OK && in_doubt(&d)) result = ASSAY_EXIT_WARNING;
    close_drafting(&d);
    return result;
}
