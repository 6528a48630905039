/*
 * apps/assay/proofs/forensics.c - `assay forensics`: two stores of one network compared epoch by
 * epoch; who signed what twice, and how much they weigh (docs/protocol.md 5.23, 5.30).
 *
 * Voters of each epoch are proven from genesis on by boundaries and their finality proofs, so the
 * stores are trusted with nothing. Whatever they have of an epoch is verified by its own voters.
 */
#include "apps/assay/proofs/forensics_signed.h"

#include "apps/assay/core/command.h"
#include "apps/assay/core/option_values.h"
#include "apps/assay/core/options.h"
#include "apps/assay/core/view.h"
#include "apps/assay/members/network.h"
#include "apps/sim/commands/progress.h"
#include "base/assert.h"
#include "base/file/file.h"
#include "engine/ledger/records/recover.h"
#include "engine/sync/boundary_chain.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

enum { STORES = 2 };

struct forensics_options {
    const char *store[STORES], *genesis, *records;
    bool json;
};

/* What one store has of the close of an epoch. */
struct closing {
    uint8_t *bytes; /* boundary, then finality proof */
    struct assay_slice boundary, finality;
    bool is_here, is_recover;
    uint8_t id[32];
    uint64_t view; /* of the certificate */
};

struct forensics {
    const struct forensics_options *options;
    struct assay_network network;
    struct assay_store *store[STORES];
    void *fold_memory;
    struct assay_fold *fold;
    struct assay_boundary_chain *chain;
    struct assay_fault fault;
    struct closing closing[STORES];
    struct assay_json *forks, *offences;
    uint64_t compared; /* epochs that both stores have closed */
    uint64_t walked;   /* ... that one of them has */
    uint64_t statements;
    uint64_t guilty_weight, total_weight; /* of the last epoch with an offence: that of the fork */
    bool has_ended_by_recover;
};

/* --- opening */

static int open_chain(struct forensics *f)
{
    const size_t len = assay_fold_memory_len(ASSAY_MEMBERS_MAX);
    f->fold_memory = aligned_alloc(64, len);
    f->fold = calloc(1, sizeof *f->fold);
    f->chain = calloc(1, sizeof *f->chain);
    f->forks = assay_json_array();
    f->offences = assay_json_array();
    for (size_t i = 0; i < STORES; i++)
        f->closing[i].bytes = malloc(2 * ASSAY_STORE_VALUE_LEN_MAX);
    if (f->fold_memory == NULL || f->fold == NULL || f->chain == NULL ||
        f->closing[0].bytes == NULL || f->closing[1].bytes == NULL)
        return ASSAY_EXIT_INTERNAL;
    enum assay_status status =
        assay_fold_init(f->fold, f->fold_memory, ASSAY_MEMBERS_MAX, f->network.genesis, NULL);
    if (status == ASSAY_OK) status = assay_boundary_chain_init(f->chain, &f->fold->state);
    if (status == ASSAY_OK) return ASSAY_EXIT_OK;
    (void)fprintf(stderr, "assay forensics: %s: %s\n", f->options->genesis,
                  assay_status_text(status));
    return assay_status_class(status) == ASSAY_CLASS_HOST ? ASSAY_EXIT_INTERNAL
                                                          : ASSAY_EXIT_MALFORMED;
}

/* Two names of one file have nothing to compare. Names that cannot be used are reported later. */
static bool is_one_store(const struct forensics_options *o)
{
    char file[PATH_MAX];
    struct stat info[STORES];
    for (size_t i = 0; i < STORES; i++)
        if (!cli_network_store_path(o->store[i], file) || stat(file, &info[i]) != 0) return false;
    return info[0].st_dev == info[1].st_dev && info[0].st_ino == info[1].st_ino;
}

/* Before the comparison, which takes long and may find what is to be written there. */
static int check_records(const struct forensics_options *o)
{
    struct stat info;
    if (o->records == NULL) return ASSAY_EXIT_OK;
    const bool is_there = stat(o->records, &info) == 0;
    if (is_there && S_ISDIR(info.st_mode)) return ASSAY_EXIT_OK;
    (void)fprintf(stderr, "assay forensics: --records %s: expected a folder, found %s\n",
                  o->records, is_there ? "another file" : "none");
    return is_there ? ASSAY_EXIT_INTERNAL : ASSAY_EXIT_NOT_FOUND;
}

static int open_all(struct forensics *f)
{
    if (is_one_store(f->options))
        return cli_misuse("expected two stores, found one twice: %s and %s", f->options->store[0],
                          f->options->store[1]);
    int result = check_records(f->options);
    if (result == ASSAY_EXIT_OK)
        result = cli_network_open(&f->network, "assay forensics", f->options->genesis);
    for (size_t i = 0; i < STORES && result == ASSAY_EXIT_OK; i++)
        result = cli_network_store("assay forensics", f->options->store[i],
                                   ", or compare a copy that was made while it was stopped",
                                   &f->store[i]);
    return result == ASSAY_EXIT_OK ? open_chain(f) : result;
}

static void close_all(struct forensics *f)
{
    for (size_t i = 0; i < STORES; i++) {
        free(f->closing[i].bytes);
        assay_store_close(&f->store[i]);
    }
    if (f->fold != NULL) assay_fold_deinit(f->fold);
    if (f->chain != NULL) assay_boundary_chain_free(f->chain);
    free(f->fold);
    free(f->chain);
    free(f->fold_memory);
    cli_network_close(&f->network);
}

/* --- what stores have of an epoch */

static int report_store(const struct forensics *f, size_t i, enum assay_status status)
{
    const bool is_store = status == ASSAY_E_STORE;
    const bool is_other = status == ASSAY_E_CHAIN && f->chain->at.epoch == 0;
    (void)fprintf(stderr, "assay forensics: %s: after epoch %" PRIu64 ": %s%s%s%s\n",
                  f->options->store[i], f->chain->at.epoch,
                  f->fault.what != NULL ? f->fault.what : "", f->fault.what != NULL ? ": " : "",
                  is_store ? f->store[i]->ops->error(f->store[i]) : assay_status_text(status),
                  is_store   ? CLI_NETWORK_STORE_DAMAGED
                  : is_other ? ": give the genesis of the network that the store is of"
                             : "");
    if (is_other) return ASSAY_EXIT_MALFORMED; /* the two stores may agree */
    return assay_status_class(status) == ASSAY_CLASS_HOST && !is_store ? ASSAY_EXIT_INTERNAL
                                                                       : ASSAY_EXIT_CONTRAINDICATED;
}

/* Returns: ASSAY_OK, also of what is not here | ASSAY_E_STORE | why its proof is none */
static enum assay_status read_closing(struct forensics *f, size_t i)
{
    struct closing *c = &f->closing[i];
    const struct assay_checkpoint *at = &f->chain->at;
    const struct assay_store_key key = { .era = at->era, .epoch = at->epoch + 1 };
    struct assay_vote_certificate certificate;
    struct assay_cursor tails;
    uint8_t votes[32];
    size_t len[2] = { 0, 0 };
    c->is_here = false;
    enum assay_status status = assay_store_get(f->store[i], ASSAY_STORE_BOUNDARY, &key, c->bytes,
                                               ASSAY_STORE_VALUE_LEN_MAX, &len[0]);
    if (status == ASSAY_OK)
        status = assay_store_get(f->store[i], ASSAY_STORE_FINALITY, &key, c->bytes + len[0],
                                 ASSAY_STORE_VALUE_LEN_MAX, &len[1]);
    if (status == ASSAY_E_NOT_FOUND) return ASSAY_OK;
    ASSAY_TRY(status);
    c->is_here = true;
    c->boundary = assay_slice_over(c->bytes, len[0]);
    c->finality = assay_slice_over(c->bytes + len[0], len[1]);
    c->is_recover = assay_recover_is(c->finality);
    if (c->is_recover) return ASSAY_OK;
    ASSAY_TRY(assay_finality_verify(c->finality, at->chain_id, at->era, at->epoch + 1,
                                    &f->chain->voters, c->id, votes));
    ASSAY_TRY(assay_finality_open(c->finality, &certificate, &tails));
    c->view = certificate.statement.view;
    return ASSAY_OK;
}

static int write_record(const struct forensics *f, const struct cli_offence *o, uint64_t epoch)
{
    char path[PATH_MAX];
    if (f->options->records == NULL) return ASSAY_EXIT_OK;
    const int len = snprintf(path, sizeof path, "%s/offence-%" PRIu64 "-%u-E%u.cbor",
                             f->options->records, epoch, (unsigned)o->slot, o->number);
    if (len > 0 && (size_t)len < sizeof path &&
        assay_file_replace(path, ASSAY_FILE_PUBLIC, assay_slice_over(o->record, o->len)) ==
            ASSAY_OK)
        return ASSAY_EXIT_OK;
    (void)fprintf(stderr, "assay forensics: %s: cannot be written\n", path);
    return ASSAY_EXIT_INTERNAL;
}

static int note_offence(struct forensics *f, const struct cli_offence *o, uint64_t epoch)
{
    static const char *const texts[] = {
        [1] = "two notarisations in one view",  [2] = "two blocks finalised or notarised in a view",
        [3] = "a view nullified and finalised", [4] = "two proposals in one view",
        [8] = "two envelopes in one epoch",
    };
    struct assay_json *row = assay_json_object();
    assay_json_set_uint(row, "era", f->chain->at.era);
    assay_json_set_uint(row, "epoch", epoch);
    assay_json_set_uint(row, "slot", o->slot);
    assay_json_set_hex(row, "node_id", f->chain->voters.node_id[o->slot], 32);
    assay_json_set_uint(row, "weight", f->chain->voters.weight[o->slot]);
    assay_json_set_uint(row, "number", o->number);
    assay_json_set_uint(row, "view", o->view);
    assay_json_set_text(row, "what", texts[o->number]);
    assay_json_set_hex(row, "record", o->record, o->len);
    assay_json_append(f->offences, row);
    return write_record(f, o, epoch);
}

/* Weight of all that an epoch convicts, each once. In: offences[count], by slot */
static void weigh_guilty(struct forensics *f, const struct cli_offence *offences, size_t count)
{
    if (count == 0) return;
    f->guilty_weight = 0;
    f->total_weight = f->chain->voters.total_weight;
    for (size_t i = 0; i < count; i++)
        if (i == 0 || offences[i].slot != offences[i - 1].slot)
            f->guilty_weight += f->chain->voters.weight[offences[i].slot];
}

/* Signed statements of the epoch after `at`, of both stores. Returns: an enum assay_exit */
static int compare_statements(struct forensics *f)
{
    const struct assay_checkpoint *at = &f->chain->at;
    struct cli_signed *all =
        cli_signed_create(at->chain_id, at->era, at->epoch + 1, &f->chain->voters);
    const struct cli_offence *offences = NULL;
    size_t count = 0;
    int result = all == NULL ? ASSAY_EXIT_INTERNAL : ASSAY_EXIT_OK;
    for (size_t i = 0; i < STORES && result == ASSAY_EXIT_OK; i++) {
        const enum assay_status status = cli_signed_collect(all, f->store[i]);
        if (status != ASSAY_OK) result = report_store(f, i, status);
    }
    if (result == ASSAY_EXIT_OK && cli_signed_find(all, &offences, &count) != ASSAY_OK)
        result = ASSAY_EXIT_INTERNAL;
    if (result == ASSAY_EXIT_OK) {
        f->statements += cli_signed_count(all);
        weigh_guilty(f, offences, count);
    }
    for (size_t i = 0; i < count && result == ASSAY_EXIT_OK; i++)
        result = note_offence(f, &offences[i], at->epoch + 1);
    cli_signed_free(&all);
    return result;
}

static void note_fork(struct forensics *f)
{
    struct assay_json *fork = assay_json_object(), *blocks = assay_json_array();
    assay_json_set_uint(fork, "era", f->chain->at.era);
    assay_json_set_uint(fork, "epoch", f->chain->at.epoch + 1);
    for (size_t i = 0; i < STORES; i++) {
        struct assay_json *block = assay_json_object();
        assay_json_set_text(block, "store", f->options->store[i]);
        assay_json_set_hex(block, "id", f->closing[i].id, 32);
        assay_json_set_uint(block, "view", f->closing[i].view);
        assay_json_append(blocks, block);
    }
    assay_json_set(fork, "blocks", blocks);
    assay_json_append(f->forks, fork);
}

/* One epoch. Out: *is_done: the walk ends here. Returns: an enum assay_exit */
static int walk_epoch(struct forensics *f, bool *is_done)
{
    struct closing *const a = &f->closing[0], *const b = &f->closing[1];
    for (size_t i = 0; i < STORES; i++) {
        const enum assay_status status = read_closing(f, i);
        if (status != ASSAY_OK) return report_store(f, i, status);
    }
    const int compared = compare_statements(f);
    if (compared != ASSAY_EXIT_OK) return compared;
    *is_done = true;
    if (!a->is_here && !b->is_here) return ASSAY_EXIT_OK;
    f->has_ended_by_recover = (a->is_here && a->is_recover) || (b->is_here && b->is_recover);
    if (f->has_ended_by_recover) return ASSAY_EXIT_OK;
    f->walked++;
    f->compared += a->is_here && b->is_here;
    if (a->is_here && b->is_here && !assay_bytes_equal(a->id, b->id, 32)) {
        note_fork(f);
        return ASSAY_EXIT_OK;
    }
    const size_t from = a->is_here ? 0 : 1;
    const enum assay_status added = assay_boundary_chain_add(f->chain, f->closing[from].boundary,
                                                             f->closing[from].finality, &f->fault);
    *is_done = false;
    return added == ASSAY_OK ? ASSAY_EXIT_OK : report_store(f, from, added);
}

/* --- the result */

static const char forensics_view[] =
    "[*forks fork           epoch {epoch} of era {era}: two blocks are final\n"
    "[*blocks                {id}, certified in view {view}: {store}\n]]"
    "[*offences signed twice   epoch {epoch}, slot {slot}, node {node_id}, weight {weight}: "
    "E{number}, {what}[?view , view {view}]\n]"
    "[?guilty_weight guilty         weight {guilty_weight} of {total_weight}"
    "[?is_more_than_a_third : more than a third, which is what a fork takes]\n"
    "|[?#forks guilty         none that these stores convict: votes of an epoch are retained for "
    "eight more epochs; compare the stores of other members\n"
    "|[?compared holds          neither store contradicts the other\n]]]"
    "[?ends_with_recover ends           after epoch {to_epoch}: operators began another era there "
    "(RECOVER), whose epochs were not compared\n]"
    "[?compared compared       {compared} of {walked} epochs, those that both stores have, up to "
    "epoch {to_epoch}; {statements} signed statements of the newest ones\n"
    "|nothing        was compared: the stores have no epoch in common from genesis on\n]";

static int print_result(struct forensics *f)
{
    struct assay_json *data = assay_json_object();
    const bool is_forked = assay_json_count(f->forks) > 0;
    const bool is_contradicted = is_forked || assay_json_count(f->offences) > 0;
    assay_json_set_bool(data, "contradicts", is_contradicted);
    assay_json_set(data, "forks", f->forks);
    assay_json_set(data, "offences", f->offences);
    f->forks = f->offences = NULL;
    assay_json_set_uint(data, "guilty_weight", f->guilty_weight);
    assay_json_set_uint(data, "total_weight", f->total_weight);
    assay_json_set_bool(data, "is_more_than_a_third",
                        f->total_weight > 0 && assay_third(f->guilty_weight, f->total_weight));
    assay_json_set_uint(data, "compared", f->compared);
    assay_json_set_uint(data, "walked", f->walked);
    assay_json_set_uint(data, "to_epoch", f->chain->at.epoch + (is_forked ? 1 : 0));
    assay_json_set_uint(data, "statements", f->statements);
    assay_json_set_bool(data, "ends_with_recover", f->has_ended_by_recover);
    const uint64_t compared = f->compared;
    const int printed = cli_view_result(f->options->json, "assay.forensics", data, forensics_view);
    if (printed != ASSAY_EXIT_OK) return printed;
    if (is_contradicted) return ASSAY_EXIT_CONTRAINDICATED;
    return compared > 0 ? ASSAY_EXIT_OK : ASSAY_EXIT_NONE;
}

static int compare_stores(struct forensics *f)
{
    bool is_done = false;
    int result = ASSAY_EXIT_OK;
    ASSAY_ASSERT(f->chain != NULL);
    struct assay_sim_progress progress = sim_progress_start("epochs", 0, 0, f->options->json);
    while (!is_done && result == ASSAY_EXIT_OK) {
        result = walk_epoch(f, &is_done);
        sim_progress_show(&progress, f->chain->at.epoch, ASSAY_SIM_PROGRESS_UNCOUNTED);
    }
    sim_progress_end(&progress);
    return result == ASSAY_EXIT_OK ? print_result(f) : result;
}

int cli_command_forensics(int argc, char **argv)
{
    struct forensics_options o = { .genesis = NULL };
    const struct cli_option_target targets[] = {
        { "genesis", .text = &o.genesis },
        { "records", .text = &o.records },
        { "json", .flag = &o.json },
        { .name = NULL },
    };
    const int early = cli_options_read(argc, argv, targets);
    if (early >= 0) return early;
    o.store[0] = argv[1];
    o.store[1] = argv[2];
    struct forensics *f = calloc(1, sizeof *f);
    if (f == NULL) return ASSAY_EXIT_INTERNAL;
    f->options = &o;
    int result = open_all(f);
    if (result == ASSAY_EXIT_OK) result = compare_stores(f);
    assay_json_free(&f->forks);
    assay_json_free(&f->offences);
    close_all(f);
    free(f);
    return result;
}
