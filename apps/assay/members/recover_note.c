/*
 * apps/assay/members/recover_note.c - one RECOVER of an era for each key: notes next to a key file
 * and in the user's state folder.
 */
#include "apps/assay/members/recover_note.h"

#include "apps/assay/core/command.h"
#include "apps/assay/core/file_fault.h"
#include "apps/assay/core/print.h"
#include "base/file/file.h"

#include <stdio.h>
#include <stdlib.h>

/* A note with one byte more: no signature has been made that this command knows of. */
enum { ID_LEN = 32, ATTEMPTED_LEN = ID_LEN + 1 };

enum noted { NOTED_NOTHING, NOTED_SAME, NOTED_SAME_ATTEMPTED, NOTED_OTHER, NOTED_OTHER_ATTEMPTED };

static enum assay_status read_note(const struct cli_recover_note *note, const char *path,
                                   enum noted *noted)
{
    uint8_t *held = NULL;
    size_t len = 0;
    const enum assay_status status = assay_file_read(path, ATTEMPTED_LEN, &held, &len);
    *noted = NOTED_NOTHING;
    if (status == ASSAY_E_NOT_FOUND) return ASSAY_OK;
    if (status != ASSAY_OK) return status;
    const bool is_attempted = len == ATTEMPTED_LEN;
    const bool is_same = len >= ID_LEN && assay_bytes_equal(held, note->recover_id, ID_LEN);
    if (is_same) *noted = is_attempted ? NOTED_SAME_ATTEMPTED : NOTED_SAME;
    else *noted = is_attempted ? NOTED_OTHER_ATTEMPTED : NOTED_OTHER;
    free(held);
    return ASSAY_OK;
}

static int fail_file(const struct cli_recover_note *note, const char *path,
                     enum assay_status status)
{
    return cli_print_error(note->json, ASSAY_EXIT_INTERNAL, "internal", "recover sign: %s: %s",
                           path, cli_file_fault(path, status));
}

static int refuse_other(const struct cli_recover_note *note, const char *path, enum noted noted)
{
    if (noted == NOTED_OTHER_ATTEMPTED)
        return cli_print_error(
            note->json, ASSAY_EXIT_CONFLICT, "conflict",
            "recover sign: this key was asked to sign another RECOVER of era %u "
            "and this command wrote no signature: it was refused or interrupted. "
            "Two signed RECOVERs make two networks. %s has the id of the first; "
            "remove it only if no command that signs it is running",
            note->era, path);
    return cli_print_error(note->json, ASSAY_EXIT_CONFLICT, "conflict",
                           "recover sign: this key has signed another RECOVER of era %u: two make "
                           "two networks. %s has the id of the first; remove it only if no copy of "
                           "that RECOVER is left",
                           note->era, path);
}

/* Whether the note at path is of this RECOVER, or absent where that is allowed. */
static int check_note(const struct cli_recover_note *note, const char *path, enum noted *noted)
{
    const enum assay_status status = read_note(note, path, noted);
    if (status != ASSAY_OK) return fail_file(note, path, status);
    return *noted == NOTED_OTHER || *noted == NOTED_OTHER_ATTEMPTED
               ? refuse_other(note, path, *noted)
               : ASSAY_EXIT_OK;
}

static int fail_removed(const struct cli_recover_note *note, const char *path)
{
    return cli_print_error(
        note->json, ASSAY_EXIT_CONFLICT, "conflict",
        "recover sign: %s was removed while this command was running: nothing is "
        "signed; sign again",
        path);
}

/* The first of several processes creates it; the others read what it has. */
static int create_note(const struct cli_recover_note *note, const char *path)
{
    uint8_t content[ATTEMPTED_LEN] = { 0 };
    enum noted noted = NOTED_NOTHING;
    assay_bytes_copy(content, sizeof content, note->recover_id, ID_LEN);
    const enum assay_status status =
        assay_file_create(path, ASSAY_FILE_PUBLIC, assay_slice_over(content, sizeof content));
    if (status == ASSAY_OK) return ASSAY_EXIT_OK;
    if (status != ASSAY_E_DUPLICATE)
        return cli_print_error(note->json, ASSAY_EXIT_INTERNAL, "internal", "recover sign: %s: %s",
                               path, cli_output_fault(path, status));
    const int result = check_note(note, path, &noted);
    return result == ASSAY_EXIT_OK && noted == NOTED_NOTHING ? fail_removed(note, path) : result;
}

int cli_recover_note_begin(const char *key, const uint8_t id[static 32],
                           const struct assay_recover *recover, bool json,
                           struct cli_recover_note *note)
{
    char chain[65], suffix[64];
    struct cli_key_fault fault;
    enum noted noted = NOTED_NOTHING;
    int result = ASSAY_EXIT_OK;
    note->era = (unsigned)recover->header.era;
    note->json = json;
    assay_bytes_copy(note->recover_id, sizeof note->recover_id, recover->id, ID_LEN);
    assay_hex_encode(recover->header.chain_id, 32, chain, sizeof chain);
    (void)snprintf(suffix, sizeof suffix, "recover-%.16s-%u", chain, note->era);
    note->count = cli_operator_key_note_paths(key, id, suffix, note->paths, &fault);
    if (note->count == 0)
        return cli_print_error(json, fault.exit, fault.code, "recover sign: %s", fault.text);
    /* All are read first, so that what is refused leaves no note. */
    for (size_t i = 0; i < note->count && result == ASSAY_EXIT_OK; i++)
        result = check_note(note, note->paths[i], &noted);
    for (size_t i = 0; i < note->count && result == ASSAY_EXIT_OK; i++)
        result = create_note(note, note->paths[i]);
    return result;
}

int cli_recover_note_signed(const struct cli_recover_note *note)
{
    for (size_t i = 0; i < note->count; i++) {
        const char *const path = note->paths[i];
        enum noted noted = NOTED_NOTHING;
        const int result = check_note(note, path, &noted);
        if (result != ASSAY_EXIT_OK) return result;
        if (noted == NOTED_NOTHING) return fail_removed(note, path);
        if (noted == NOTED_SAME) continue;
        const enum assay_status status =
            assay_file_replace(path, ASSAY_FILE_PUBLIC, assay_slice_over(note->recover_id, ID_LEN));
        if (status != ASSAY_OK)
            return cli_print_error(note->json, ASSAY_EXIT_INTERNAL, "internal",
                                   "recover sign: %s: %s", path, cli_output_fault(path, status));
    }
    return ASSAY_EXIT_OK;
}

void cli_recover_note_report(const struct cli_recover_note *note)
{
    for (size_t i = 0; i < note->count; i++) {
        enum noted noted = NOTED_NOTHING;
        const enum assay_status status = read_note(note, note->paths[i], &noted);
        if (status == ASSAY_OK && noted == NOTED_SAME_ATTEMPTED)
            (void)fprintf(stderr,
                          "assay: recover sign: nothing was signed; %s stays: this key signs this "
                          "RECOVER of era %u and no other one, until that file is removed\n",
                          note->paths[i], note->era);
    }
}
