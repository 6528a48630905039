/*
 * apps/assay/operate/store.c - `assay store verify` and `inspect`, and helpers of the other verbs.
 */
#include "apps/assay/operate/store.h"

#include "apps/assay/core/command.h"
#include "apps/assay/core/file_fault.h"
#include "apps/assay/core/option_values.h"
#include "apps/assay/core/options.h"
#include "apps/assay/core/print.h"
#include "apps/assay/core/view.h"
#include "apps/assay/proofs/proof.h"
#include "apps/sim/commands/progress.h"
#include "engine/ledger/proofs/boundary.h"
#include "net/json/json.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

int cli_store_report_error(const char *command, const char *what, enum assay_status status)
{
    (void)fprintf(stderr, "%s: %s: %s\n", command, what, cli_file_fault(what, status));
    if (status == ASSAY_E_NOT_FOUND) return ASSAY_EXIT_NOT_FOUND;
    return assay_status_class(status) == ASSAY_CLASS_INPUT ? ASSAY_EXIT_MALFORMED
                                                           : ASSAY_EXIT_INTERNAL;
}

/* ------------------------------------------------------------ files */

/* A document that was named: where it is another one, which. Returns: the exit status */
static int report_document(const char *command, const char *path, enum assay_status status,
                           const char *expected)
{
    if (status == ASSAY_OK) return ASSAY_EXIT_OK;
    if (assay_status_class(status) != ASSAY_CLASS_INPUT || status == ASSAY_E_NOT_FOUND)
        return cli_store_report_error(command, path, status);
    (void)fprintf(stderr, "%s: %s: %s\n", command, path, cli_file_fault_of(path, status, expected));
    return ASSAY_EXIT_MALFORMED;
}

int cli_store_load(const char *command, const char *path, struct assay_store_file *file)
{
    *file = (struct assay_store_file){ .bytes = NULL };
    enum assay_status status =
        assay_file_read(path, ASSAY_ARCHIVE_LEN_MAX, &file->bytes, &file->len);
    if (status == ASSAY_OK)
        status = assay_archive_decode(assay_slice_over(file->bytes, file->len), &file->archive);
    return report_document(command, path, status, "an archive of a store");
}

int cli_store_genesis(const char *command, const char *path, uint8_t **bytes,
                      struct assay_genesis *genesis)
{
    struct assay_where where = { 0 };
    size_t len = 0;
    *bytes = NULL;
    enum assay_status status = assay_file_read(path, ASSAY_GENESIS_LEN_MAX, bytes, &len);
    if (status == ASSAY_OK) status = assay_genesis_decode(*bytes, len, false, genesis, &where);
    return report_document(command, path, status, "a genesis");
}

/* ------------------------------------------------------------ verify */

static void put_id(FILE *out, const char *label, const uint8_t id[static 32])
{
    char text[65];
    assay_hex_encode(id, 32, text, sizeof text);
    (void)fprintf(out, "%s%s\n", label, text);
}

static int say_fault(const char *command, const char *path,
                     const struct assay_archive_report *report)
{
    const struct assay_fault *f = &report->fault;
    (void)fprintf(stderr, "%s: %s: epoch %llu: %s: ", command, path, (unsigned long long)report->at,
                  f->what);
    if (f->has_ids) {
        put_id(stderr, "expected ", f->expected_id);
        put_id(stderr, "found ", f->found_id);
    } else {
        (void)fprintf(stderr, "%s\n", assay_status_text(f->status));
    }
    return ASSAY_EXIT_CONTRAINDICATED;
}

static int say_unproven(const char *command, const char *path, const struct assay_archive *archive,
                        const struct assay_checkpoint *checkpoint)
{
    const unsigned long long first = archive->first, epoch = archive->end.epoch;
    if (checkpoint == NULL)
        (void)fprintf(stderr,
                      "%s: %s: its boundaries begin after epoch %llu, and nothing "
                      "leads there from genesis: give a checkpoint of an epoch from %llu to %llu\n",
                      command, path, first, first, epoch);
    else
        (void)fprintf(stderr,
                      "%s: %s: the checkpoint is of epoch %llu, and this leads from "
                      "epoch %llu to %llu\n",
                      command, path, (unsigned long long)checkpoint->epoch, first, epoch);
    return ASSAY_EXIT_NONE;
}

struct walking {
    struct assay_sim_progress *progress;
    uint64_t first;
};

static void on_epoch_walked(void *context, uint64_t epoch)
{
    const struct walking *const walking = context;
    sim_progress_show(walking->progress, epoch - walking->first, ASSAY_SIM_PROGRESS_UNCOUNTED);
}

int cli_store_prove(const char *command, const struct assay_store_options *options,
                    const struct assay_archive *archive, struct assay_genesis *genesis,
                    struct assay_archive_report *report)
{
    struct assay_checkpoint checkpoint;
    const struct assay_checkpoint *trusted = NULL;
    if (options->checkpoint != NULL) {
        const int read = cli_proof_checkpoint(command, options->checkpoint, &checkpoint);
        if (read != ASSAY_EXIT_OK) return read;
        trusted = &checkpoint;
    }
    void *memory = aligned_alloc(64, assay_archive_memory_len());
    if (memory == NULL) return cli_store_report_error(command, "start", ASSAY_E_MEMORY);
    struct assay_sim_progress progress =
        sim_progress_start("epochs", archive->end.epoch - archive->first, 0, options->json);
    struct walking walking = { .progress = &progress, .first = archive->first };
    const struct assay_archive_check check = { .archive = archive,
                                               .genesis = genesis,
                                               .checkpoint = trusted,
                                               .memory = memory,
                                               .walked = on_epoch_walked,
                                               .context = &walking };
    const enum assay_status status = assay_archive_verify(&check, report);
    sim_progress_end(&progress);
    free(memory);
    if (status == ASSAY_E_INVALID) return say_fault(command, options->file, report);
    if (status != ASSAY_OK) return cli_store_report_error(command, options->genesis, status);
    if (!report->proven) return say_unproven(command, options->file, archive, trusted);
    return ASSAY_EXIT_OK;
}

static struct assay_json *words_of(const struct assay_archive *a)
{
    struct assay_json *data = assay_json_object();
    assay_json_set_hex(data, "chain_id", a->end.chain_id, 32);
    assay_json_set_uint(data, "era", a->end.era);
    assay_json_set_uint(data, "epoch", a->end.epoch);
    assay_json_set_hex(data, "id", a->end.id, 32);
    assay_json_set_hex(data, "roster_digest", a->end.roster_digest, 32);
    assay_json_set_uint(data, "first", a->first);
    assay_json_set_uint(data, "boundaries", a->boundary_count);
    assay_json_set_uint(data, "changes", a->change_count);
    return data;
}

#define ARCHIVE                                                                                    \
    "chain          {chain_id}\n"                                                                  \
    "epoch          {epoch}, era {era}\n"                                                          \
    "block          {id}\n"                                                                        \
    "roster         {roster_digest}\n"                                                             \
    "boundaries     {boundaries}, [?first after epoch {first}|from genesis on]\n"                  \
    "changes        {changes} that the state names\n"

static const char verified_view[] =
    ARCHIVE "members        {members}, of which {voters} have weight\n"
            "proven         from [?by_checkpoint the checkpoint|genesis] on\n";
static const char inspected_view[] = ARCHIVE "proven         not looked at: assay store verify\n";

static int run_verify(const struct assay_store_options *o)
{
    struct assay_store_file file;
    struct assay_archive_report report;
    uint8_t *genesis_bytes = NULL;
    struct assay_genesis *genesis = calloc(1, sizeof *genesis);
    int result = genesis != NULL
                     ? cli_store_genesis("assay store verify", o->genesis, &genesis_bytes, genesis)
                     : ASSAY_EXIT_INTERNAL;
    file.bytes = NULL;
    if (result == ASSAY_EXIT_OK) result = cli_store_load("assay store verify", o->file, &file);
    if (result == ASSAY_EXIT_OK)
        result = cli_store_prove("assay store verify", o, &file.archive, genesis, &report);
    if (result == ASSAY_EXIT_OK) {
        struct assay_json *data = words_of(&file.archive);
        assay_json_set_uint(data, "members", report.members);
        assay_json_set_uint(data, "voters", report.voters);
        assay_json_set_uint(data, "proven_from", report.proven_from);
        assay_json_set_bool(data, "by_checkpoint", o->checkpoint != NULL);
        result = cli_view_result(o->json, "assay.store.verify", data, verified_view);
    }
    free(file.bytes);
    free(genesis_bytes);
    free(genesis);
    return result;
}

/* ------------------------------------------------------------ inspect */

static int run_inspect(const struct assay_store_options *o)
{
    struct assay_store_file file;
    int result = cli_store_load("assay store inspect", o->file, &file);
    if (result == ASSAY_EXIT_OK)
        result = cli_view_result(o->json, "assay.store.inspect", words_of(&file.archive),
                                 inspected_view);
    free(file.bytes);
    return result;
}

/* ------------------------------------------------------------ the command line */

int cli_command_store(int argc, char **argv)
{
    struct assay_store_options o = { .file = NULL };
    const struct cli_option_target targets[] = {
        { "socket", .text = &o.socket },
        { "genesis", .text = &o.genesis },
        { "checkpoint", .text = &o.checkpoint },
        { "out", .text = &o.out },
        { "into", .text = &o.into },
        { "json", .flag = &o.json },
        { .name = NULL },
    };
    const int early = cli_options_read(argc, argv, targets);
    if (early >= 0) return early;
    const char *const verb = argv[1];
    o.file = argv[2];
    if (o.file != NULL && o.socket != NULL) return cli_misuse("either STORE or --socket, not both");
    if (strcmp(verb, "save") == 0) return cli_store_save(&o);
    if (strcmp(verb, "verify") == 0) return run_verify(&o);
    return strcmp(verb, "inspect") == 0 ? run_inspect(&o) : cli_store_restore(&o);
}
