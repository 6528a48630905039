/*
 * apps/assay/members/recover_show.c - `assay recover show`: contents of a fence, an answer or a
 * RECOVER, and whether a node would accept it.
 */
#include "apps/assay/members/recover.h"

#include "apps/assay/core/command.h"
#include "apps/assay/core/daemon_request.h"
#include "apps/assay/core/view.h"
#include "apps/assay/evidence/evidence_print.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static void put_signers(const struct assay_approval *approval, struct assay_json *data)
{
    struct assay_cursor c = assay_cursor_over(approval->items.bytes, approval->items.len);
    struct assay_json *list = assay_json_array();
    for (uint32_t i = 0; i < approval->count; i++) {
        uint8_t id[32], signature[ASSAY_P256_SIGNATURE_LEN];
        char hex[65];
        if (assay_approval_next(&c, id, signature) != ASSAY_OK) break;
        assay_hex_encode(id, sizeof id, hex, sizeof hex);
        assay_json_append_text(list, hex);
    }
    assay_json_set(data, "signers", list);
}

static void put_fence(const struct assay_fence *f, struct assay_json *data)
{
    assay_json_set_text(data, "kind", "fence");
    assay_json_set_hex(data, "chain_id", f->chain_id, sizeof f->chain_id);
    assay_json_set_uint(data, "era", f->era);
    assay_json_set_hex(data, "operators_digest", f->operators_digest, sizeof f->operators_digest);
    assay_json_set_hex(data, "head_id", f->head_id, sizeof f->head_id);
    assay_json_set_uint(data, "last_epoch", f->last_epoch);
    assay_json_set_text_n(data, "reason", f->reason.bytes, f->reason.len);
    assay_json_set_hex(data, "digest", f->digest, sizeof f->digest);
}

static void put_release(const struct assay_release *r, struct assay_json *data)
{
    assay_json_set_text(data, "kind", "release");
    assay_json_set_hex(data, "chain_id", r->chain_id, sizeof r->chain_id);
    assay_json_set_uint(data, "era", r->era);
    assay_json_set_hex(data, "fence_digest", r->fence_digest, sizeof r->fence_digest);
    assay_json_set_hex(data, "digest", r->digest, sizeof r->digest);
}

/* Names, and a difference of policies, where a node can be queried for them. */
static void put_actions(const struct assay_recover_options *options, const struct assay_recover *r,
                        const struct assay_change_source *source, struct assay_json *data)
{
    struct assay_json *texts = assay_json_array();
    struct assay_change change;
    if (r->change.len > 0 && assay_change_record_read(r->change, &change) == ASSAY_OK) {
        struct assay_json *effect = assay_json_object();
        cli_change_put_effect(&options->change, source, &change, 0, effect);
        const struct assay_json *const actions = assay_json_get(effect, "actions");
        for (size_t i = 0; i < assay_json_count(actions); i++)
            assay_json_append_text(texts, assay_json_text(assay_json_at(actions, i), "words", ""));
        struct assay_json *const services = cli_change_services_of(source, &change);
        if (services != NULL) assay_json_set(data, "services", services);
        assay_json_set_uint(data, "sequence", change.sequence);
        assay_json_set(data, "change", effect);
    }
    assay_json_set(data, "actions", texts);
}

static void put_keys(const struct assay_recover *r, struct assay_json *data)
{
    struct assay_cursor c = r->keys;
    struct assay_json *list = assay_json_array();
    for (uint32_t i = 0; i < r->key_count; i++) {
        struct assay_recover_keys k;
        if (assay_recover_keys_next(&c, &k) != ASSAY_OK) break;
        struct assay_json *const set = assay_json_append_object(list);
        assay_json_set_hex(set, "node_id", k.node_id, sizeof k.node_id);
        assay_json_set_hex(set, "voting_public", k.voting_public, sizeof k.voting_public);
    }
    assay_json_set(data, "key_sets", list);
}

/* By the table of the node at the socket, where it is in the epoch that ends. */
static void put_grounds(const struct assay_recover *r, const struct assay_change_source *source,
                        struct assay_json *data)
{
    struct assay_recover_table table;
    struct assay_recover_weight weight;
    if (source->basis == NULL || source->basis->state.epoch + 1 != r->header.epoch) return;
    assay_recover_table_of(&source->basis->state, &table);
    if (assay_recover_compute_weight(r, &table, &weight) != ASSAY_OK) return;
    assay_json_set_uint(data, "answered_weight", weight.answered);
    assay_json_set_uint(data, "total_weight", weight.total);
    assay_json_set_text(data, "answers",
                        assay_recover_is_complete(&weight) ? "complete logs of more than two thirds"
                        : assay_recover_is_grounded(&weight) ? "forced"
                                                             : "manual acceptance");
}

static void put_recover(const struct assay_recover_options *options, const struct assay_recover *r,
                        const struct assay_change_source *source, struct assay_json *data)
{
    const struct assay_block_header *h = &r->header;
    assay_json_set_text(data, "kind", "recover");
    assay_json_set_hex(data, "chain_id", h->chain_id, sizeof h->chain_id);
    assay_json_set_uint(data, "era", h->era);
    assay_json_set_uint(data, "epoch", h->epoch);
    assay_json_set_uint(data, "height", h->height - 1);
    assay_json_set_hex(data, "head_id", h->parent_id, sizeof h->parent_id);
    assay_json_set_hex(data, "id", r->id, sizeof r->id);
    assay_json_set_time_ms(data, "time", h->time_ms);
    put_actions(options, r, source, data);
    put_keys(r, data);
    uint8_t digest[32];
    assay_sha256(r->operators.bytes, r->operators.len, digest);
    assay_json_set_bool(data, "signed_by_threshold", assay_recover_approved(r, digest) == ASSAY_OK);
    put_grounds(r, source, data);
}

static void put_answer(const struct assay_answer_file *a, struct assay_json *data)
{
    const struct assay_answer_body *b = &a->about;
    assay_json_set_text(data, "kind", "answer");
    assay_json_set_hex(data, "chain_id", b->chain_id, sizeof b->chain_id);
    assay_json_set_uint(data, "era", b->era);
    assay_json_set_hex(data, "node_id", b->node_id, sizeof b->node_id);
    assay_json_set_uint(data, "epoch", b->epoch);
    assay_json_set_uint(data, "height", b->height);
    assay_json_set_hex(data, "head_id", b->id, sizeof b->id);
    assay_json_set_uint(data, "votes_above", b->vote_count);
    assay_json_set_bool(data, "log_complete", b->whole);
    assay_json_set_bool(data, "new_keys", b->has_keys);
}

static const char head_view[] =
    "{kind,-10} era {era} of chain {chain_id}\n"
    "[?kind=release fence      {fence_digest}\n"
    "|[?kind=fence taken      up to epoch {last_epoch}\nreason     {reason|}\n"
    "|head       epoch {epoch}, height {height}, {head_id}\n]]";

/* No operator signs an answer. */
static const char rest_view[] =
    "[*key_sets key set of {node_id}\n]"
    "[?kind=answer votes      " CLI_RECOVER_VOTES "\n[?new_keys keys       a new key set\n]"
    "signed by  node {node_id}, by its identity and voting keys\n"
    "|[?!signers signed by  none yet\n]]"
    "[*signers signed by  {.}\n]"
    "[?kind=recover operators  [?signed_by_threshold enough of those that it names have signed"
    "|more signatures are needed]\n]"
    "[?answers answers    weight {answered_weight} of {total_weight}: {answers}\n]"
    "[?node_verdict the node   {node_verdict}\n]";

static void print_plain(const struct assay_json *d)
{
    cli_view_print(head_view, d, stdout);
    cli_change_print_effect(assay_json_get(d, "change"));
    cli_view_print(rest_view, d, stdout);
}

/* What the node at the socket would do, where one is there. */
static void put_trial(const struct assay_recover_options *options,
                      const struct assay_recover_file *file, struct assay_json *data)
{
    struct assay_json *document = NULL;
    if (!assay_json_bool(data, "signed_by_threshold", false)) return;
    if (cli_recover_request(options, "try", file->recover.bytes, &document) != ASSAY_EXIT_OK)
        return;
    assay_json_set_text(data, "node_verdict",
                        assay_json_text(assay_json_get(document, "data"), "note", ""));
    assay_json_free(&document);
}

static int show_answer(const struct assay_recover_options *options, struct assay_json *data)
{
    uint8_t *bytes = NULL;
    size_t len = 0;
    struct assay_answer_file *file = calloc(1, sizeof *file);
    enum assay_status status = file != NULL ? ASSAY_OK : ASSAY_E_MEMORY;
    if (status == ASSAY_OK)
        status = assay_file_read(options->files[0], ASSAY_ANSWER_LEN_MAX, &bytes, &len);
    if (status == ASSAY_OK) status = assay_answer_decode(assay_slice_over(bytes, len), file);
    if (status == ASSAY_OK) put_answer(file, data);
    free(bytes);
    free(file);
    return status == ASSAY_OK ? ASSAY_EXIT_OK : ASSAY_EXIT_MALFORMED;
}

static int show_file(const struct assay_recover_options *options, struct assay_json *data)
{
    struct assay_recover_file file;
    struct assay_change_source source = { .basis = NULL };
    const int result = cli_recover_file_load(options, options->files[0], &file);
    if (result == ASSAY_EXIT_OK && file.is_fence) put_fence(&file.fence, data);
    if (result == ASSAY_EXIT_OK && file.is_release) put_release(&file.release, data);
    if (result == ASSAY_EXIT_OK && !file.is_fence && !file.is_release) {
        const bool given = cli_change_source_given(&options->change);
        if (given && cli_change_source_open(&options->change, &source) != ASSAY_EXIT_OK)
            cli_change_source_close(&source);
        put_recover(options, &file.recover, &source, data);
        if (given) put_trial(options, &file, data);
        cli_change_source_close(&source);
    }
    if (result == ASSAY_EXIT_OK) put_signers(file.approval, data);
    free(file.bytes);
    return result;
}

int cli_recover_run_show(const struct assay_recover_options *options)
{
    struct assay_json *data = assay_json_object();
    int result = show_answer(options, data);
    if (result != ASSAY_EXIT_OK) result = show_file(options, data);
    if (result == ASSAY_EXIT_OK && options->change.json)
        return cli_print_envelope("assay.recover.show", data);
    if (result == ASSAY_EXIT_OK) print_plain(data);
    assay_json_free(&data);
    return result;
}
