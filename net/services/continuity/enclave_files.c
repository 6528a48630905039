/*
 * net/services/continuity/enclave_files.c - sealed files of an instance.
 */
#include "net/services/continuity/enclave_files.h"

#include "base/assert.h"
#include "base/file/file.h"
#include "services/shares/sodium.h"

#include <dirent.h>
#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

enum {
    MAGIC_LEN = 8,
    HEADER_LEN = MAGIC_LEN + ASSAY_SODIUM_NONCE_LEN,
    OVERHEAD = HEADER_LEN + ASSAY_SODIUM_TAG_LEN,
    SALT_LEN = 32,
    STATE_HEAD_LEN = 8 + 8 + 32 + SALT_LEN, /* index, session, prev, salt */
    NAME_LEN = 64,
    PATH_LEN = ASSAY_ENCLAVE_FILES_FOLDER_MAX + NAME_LEN + 2,
};

static const uint8_t identity_magic[] = "assayID1", state_magic[] = "assayST1";
static const char identity_name[] = "identity";

static void path_of(const struct assay_enclave_files *files, const char *name,
                    char path[static PATH_LEN])
{
    (void)snprintf(path, PATH_LEN, "%s/%s", files->folder, name);
}

static void name_of(uint64_t index, uint64_t session, char name[static NAME_LEN])
{
    (void)snprintf(name, NAME_LEN, "state-%020" PRIu64 "-%016" PRIx64, index, session);
}

/* --- one sealed file */

/* In: about: what the content is bound to, besides the kind of file. Out: *bytes, of malloc, which
 * the caller wipes and frees, on ASSAY_OK */
static enum assay_status read_sealed(const struct assay_enclave_files *files, const char *name,
                                     const uint8_t magic[static MAGIC_LEN], size_t len_max,
                                     struct assay_slice about, uint8_t **bytes, size_t *len)
{
    char path[PATH_LEN];
    uint8_t *file = NULL, *content = NULL;
    size_t file_len = 0;
    path_of(files, name, path);
    enum assay_status status = assay_file_read(path, OVERHEAD + len_max, &file, &file_len);
    if (status == ASSAY_E_RANGE) return ASSAY_E_SIGNATURE; /* no file of this key is so long */
    if (status != ASSAY_OK) return status;
    if (file_len < OVERHEAD || !assay_bytes_equal(file, magic, MAGIC_LEN)) {
        free(file);
        return ASSAY_E_SIGNATURE;
    }
    *len = file_len - OVERHEAD;
    content = malloc(*len > 0 ? *len : 1);
    status = content == NULL
                 ? ASSAY_E_MEMORY
                 : assay_sodium_open(&files->key, file + MAGIC_LEN, about,
                                     assay_slice_over(file + HEADER_LEN, file_len - HEADER_LEN),
                                     content);
    free(file);
    if (status != ASSAY_OK) free(content);
    else *bytes = content;
    return status;
}

static enum assay_status write_sealed(const struct assay_enclave_files *files, const char *name,
                                      const uint8_t magic[static MAGIC_LEN],
                                      struct assay_slice about, struct assay_slice content,
                                      bool is_new)
{
    char path[PATH_LEN];
    uint8_t *const file = malloc(OVERHEAD + content.len);
    if (file == NULL) return ASSAY_E_MEMORY;
    path_of(files, name, path);
    assay_bytes_copy(file, MAGIC_LEN, magic, MAGIC_LEN);
    enum assay_status status = assay_random(file + MAGIC_LEN, ASSAY_SODIUM_NONCE_LEN);
    if (status == ASSAY_OK) {
        assay_sodium_seal(&files->key, file + MAGIC_LEN, about, content, file + HEADER_LEN);
        const struct assay_slice all = assay_slice_over(file, OVERHEAD + content.len);
        status = is_new ? assay_file_create(path, ASSAY_FILE_SECRET, all)
                        : assay_file_replace(path, ASSAY_FILE_SECRET, all);
    }
    free(file);
    return status;
}

/* --- identity */

enum assay_status assay_enclave_files_has_identity(const struct assay_enclave_files *files)
{
    char path[PATH_LEN];
    struct stat info;
    path_of(files, identity_name, path);
    if (lstat(path, &info) == 0) return ASSAY_OK;
    return errno == ENOENT ? ASSAY_E_NOT_FOUND : ASSAY_E_IO;
}

enum assay_status assay_enclave_files_make_folder(const struct assay_enclave_files *files)
{
    if (mkdir(files->folder, 0700) == 0) return assay_file_sync_folder(files->folder);
    return errno == EEXIST ? ASSAY_OK : ASSAY_E_IO;
}

enum assay_status assay_enclave_files_load_identity(const struct assay_enclave_files *files,
                                                    struct assay_enclave_identity *identity,
                                                    struct assay_enclave_trust *trust)
{
    uint8_t *bytes = NULL;
    size_t len = 0;
    ASSAY_TRY(read_sealed(files, identity_name, identity_magic, ASSAY_ENCLAVE_SEALED_LEN_MAX,
                          (struct assay_slice){ NULL, 0 }, &bytes, &len));
    const enum assay_status status =
        assay_enclave_sealed_decode(assay_slice_over(bytes, len), identity, trust);
    assay_secret_wipe(bytes, len);
    free(bytes);
    return status;
}

static bool is_same(const struct assay_enclave_identity *a, const struct assay_enclave_identity *b)
{
    return a->group == b->group && a->birth.era == b->birth.era &&
           a->birth.epoch == b->birth.epoch && assay_bytes_equal(a->chain_id, b->chain_id, 32) &&
           assay_bytes_equal(a->key.bytes, b->key.bytes, sizeof a->key.bytes);
}

/* Returns: ASSAY_OK (the folder has this one) | ASSAY_E_DUPLICATE (another one) | as load_identity
 */
static enum assay_status find_identity(const struct assay_enclave_files *files,
                                       const struct assay_enclave_identity *identity)
{
    struct assay_enclave_identity found = { .group = 0 };
    struct assay_enclave_trust trust;
    enum assay_status status = assay_enclave_files_load_identity(files, &found, &trust);
    if (status == ASSAY_OK && !is_same(&found, identity)) status = ASSAY_E_DUPLICATE;
    assay_secret_wipe(&found, sizeof found);
    return status;
}

/* A folder may have been exchanged for that of another instance, whose key would be lost. A new
 * identity is there already if only its last step has failed. */
enum assay_status assay_enclave_files_save_identity(const struct assay_enclave_files *files,
                                                    const struct assay_enclave_identity *identity,
                                                    const struct assay_enclave_trust *trust,
                                                    bool is_new)
{
    uint8_t bytes[ASSAY_ENCLAVE_SEALED_LEN_MAX];
    struct assay_writer w = assay_writer_over(bytes, sizeof bytes);
    const enum assay_status found = find_identity(files, identity);
    const bool is_none = found == ASSAY_E_NOT_FOUND;
    if (is_new && found == ASSAY_E_SIGNATURE) return ASSAY_E_DUPLICATE;
    if (found != ASSAY_OK && !is_none) return found;
    enum assay_status status = assay_enclave_sealed_encode(identity, trust, &w);
    ASSAY_ASSERT(status == ASSAY_OK); /* the bound holds for every identity */
    status = write_sealed(files, identity_name, identity_magic, (struct assay_slice){ NULL, 0 },
                          assay_slice_over(bytes, w.len), is_new && is_none);
    assay_secret_wipe(bytes, sizeof bytes);
    return status;
}

/* --- states */

void assay_enclave_state_free(struct assay_enclave_state *state)
{
    if (state->bytes != NULL) assay_secret_wipe(state->bytes, state->len);
    free(state->bytes);
    *state = (struct assay_enclave_state){ .bytes = NULL };
}

/* Salted: the replicas and the ledger's readers see digests, and states may be guessed. */
static void hash_state(struct assay_slice salt, struct assay_slice bytes, uint8_t hash[static 32])
{
    static const char label[] = "assay/continuity/state-bytes/v1";
    const struct assay_slice pieces[] = { assay_slice_over(label, sizeof label - 1), salt, bytes };
    assay_sha256_pieces(pieces, sizeof pieces / sizeof *pieces, hash);
}

enum assay_status assay_enclave_files_put(const struct assay_enclave_files *files,
                                          const uint8_t instance[static 32],
                                          struct assay_enclave_state *state,
                                          struct assay_slice bytes)
{
    char name[NAME_LEN];
    ASSAY_ASSERT(state->index > 0 && bytes.len <= files->state_max);
    const size_t len = STATE_HEAD_LEN + bytes.len;
    uint8_t *const content = malloc(len);
    if (content == NULL) return ASSAY_E_MEMORY;
    struct assay_writer w = assay_writer_over(content, len);
    assay_writer_u64be(&w, state->index);
    assay_writer_u64be(&w, state->session);
    assay_writer_put(&w, state->prev, 32);
    uint8_t *const salt = content + w.len;
    enum assay_status status = assay_random(salt, SALT_LEN);
    if (status == ASSAY_OK) {
        assay_bytes_copy(content + STATE_HEAD_LEN, bytes.len, bytes.bytes, bytes.len);
        hash_state(assay_slice_over(salt, SALT_LEN), bytes, state->hash);
        name_of(state->index, state->session, name);
        status = write_sealed(files, name, state_magic, assay_slice_over(instance, 32),
                              assay_slice_over(content, len), false);
    }
    assay_secret_wipe(content, len);
    free(content);
    return status;
}

/* Out: *state on ASSAY_OK, with its bytes. */
static enum assay_status load_state(const struct assay_enclave_files *files,
                                    const uint8_t instance[static 32], const char *name,
                                    struct assay_enclave_state *state)
{
    uint8_t *content = NULL;
    size_t len = 0;
    const uint8_t *prev = NULL, *salt = NULL;
    *state = (struct assay_enclave_state){ .bytes = NULL };
    ASSAY_TRY(read_sealed(files, name, state_magic, STATE_HEAD_LEN + files->state_max,
                          assay_slice_over(instance, 32), &content, &len));
    struct assay_cursor in = assay_cursor_over(content, len);
    enum assay_status status = assay_cursor_u64be(&in, &state->index);
    if (status == ASSAY_OK) status = assay_cursor_u64be(&in, &state->session);
    if (status == ASSAY_OK) status = assay_cursor_take(&in, 32, &prev);
    if (status == ASSAY_OK) status = assay_cursor_take(&in, SALT_LEN, &salt);
    if (status == ASSAY_OK) {
        state->len = assay_cursor_left(&in);
        const struct assay_slice bytes = assay_slice_over(content + STATE_HEAD_LEN, state->len);
        assay_bytes_copy(state->prev, 32, prev, 32);
        hash_state(assay_slice_over(salt, SALT_LEN), bytes, state->hash);
        if (state->len > 0) state->bytes = malloc(state->len);
        if (state->len > 0 && state->bytes == NULL) status = ASSAY_E_MEMORY;
        else assay_bytes_copy(state->bytes, state->len, bytes.bytes, bytes.len);
    }
    assay_secret_wipe(content, len);
    free(content);
    if (status != ASSAY_OK) *state = (struct assay_enclave_state){ .bytes = NULL };
    return status;
}

/* Out: *index and *session of a name of a state. */
static bool read_name(const char *name, uint64_t *index, uint64_t *session)
{
    char again[NAME_LEN];
    if (sscanf(name, "state-%20" SCNu64 "-%16" SCNx64, index, session) != 2) return false;
    name_of(*index, *session, again);
    return *index > 0 && strcmp(name, again) == 0;
}

/* A name of a state in the folder, or of the temporary file of one that is being written. */
struct name {
    char text[NAME_LEN];
    bool is_temporary;
    uint64_t index, session;
};

static bool is_of_state(const char *text, struct name *name)
{
    char inner[NAME_LEN];
    const size_t len = strlen(text);
    if (len >= sizeof name->text) return false;
    assay_bytes_copy(name->text, sizeof name->text, text, len + 1);
    const char *const end = len > 5 ? text + len - 4 : "";
    name->is_temporary = text[0] == '.' && strcmp(end, ".new") == 0;
    if (!name->is_temporary) return read_name(text, &name->index, &name->session);
    (void)snprintf(inner, sizeof inner, "%.*s", (int)len - 5, text + 1);
    return read_name(inner, &name->index, &name->session);
}

struct listing {
    DIR *folder;
    uint32_t left; /* names */
};

static enum assay_status open_listing(const struct assay_enclave_files *files, struct listing *list)
{
    *list =
        (struct listing){ .folder = opendir(files->folder), .left = ASSAY_ENCLAVE_FILES_FILES_MAX };
    return list->folder != NULL ? ASSAY_OK : ASSAY_E_IO;
}

/* Returns: ASSAY_OK and *name | ASSAY_E_NOT_FOUND (no more) | ASSAY_E_IO | ASSAY_E_RANGE */
static enum assay_status next_name(struct listing *list, struct name *name)
{
    while (list->left > 0) {
        errno = 0;
        const struct dirent *entry = readdir(list->folder);
        if (entry == NULL) return errno == 0 ? ASSAY_E_NOT_FOUND : ASSAY_E_IO;
        list->left--;
        if (is_of_state(entry->d_name, name)) return ASSAY_OK;
    }
    return ASSAY_E_RANGE;
}

static void close_listing(struct listing *list)
{
    const int reason = errno;
    (void)closedir(list->folder);
    errno = reason;
}

static bool is_certified(const struct assay_enclave_state *state,
                         const struct assay_cont_entry *found)
{
    uint8_t digest[32];
    assay_cont_state_digest(found->instance, state->index, state->prev, state->hash, digest);
    return state->index == found->index && assay_bytes_equal(digest, found->digest, 32);
}

/* A search through the folder: for the certified state, or for the newest one. */
struct search {
    const struct assay_enclave_files *files;
    const struct assay_cont_entry *found;
    bool for_certified;
    struct assay_enclave_state *best;
    char *unreadable;
    int reason; /* errno of the file `unreadable`; 0: it cannot be opened with the key */
};

/* Whether a state of that name may be better than the best one. */
static bool is_candidate(const struct search *s, uint64_t index, uint64_t session)
{
    if (s->for_certified) return s->best->index == 0 && index == s->found->index;
    return index > s->best->index || (index == s->best->index && session > s->best->session);
}

/* A file that cannot be read hides no other one. Returns: ASSAY_OK | ASSAY_E_MEMORY */
static enum assay_status try_name(struct search *s, const struct name *name)
{
    struct assay_enclave_state state;
    const enum assay_status status = load_state(s->files, s->found->instance, name->text, &state);
    const int reason = status == ASSAY_E_IO ? errno : 0;
    if (status == ASSAY_E_MEMORY) return status;
    if (status != ASSAY_OK) {
        if (status == ASSAY_E_NOT_FOUND || (reason != 0 && !s->for_certified)) return ASSAY_OK;
        (void)snprintf(s->unreadable, 64, "%.63s", name->text);
        s->reason = reason;
        return ASSAY_OK;
    }
    state.session = name->session; /* by which it is found again: a host may rename it */
    if (is_candidate(s, state.index, state.session) &&
        (!s->for_certified || is_certified(&state, s->found))) {
        const struct assay_enclave_state replaced = *s->best;
        *s->best = state;
        state = replaced;
    }
    assay_enclave_state_free(&state);
    return ASSAY_OK;
}

static enum assay_status run_search(struct search *s)
{
    struct listing list;
    struct name name;
    ASSAY_TRY(open_listing(s->files, &list));
    enum assay_status status = ASSAY_OK;
    while (status == ASSAY_OK) {
        status = next_name(&list, &name);
        if (status == ASSAY_OK && !name.is_temporary && is_candidate(s, name.index, name.session))
            status = try_name(s, &name);
    }
    close_listing(&list);
    return status == ASSAY_E_NOT_FOUND ? ASSAY_OK : status;
}

enum assay_status assay_enclave_files_find(const struct assay_enclave_files *files,
                                           const struct assay_cont_entry *found,
                                           struct assay_enclave_state *state,
                                           char unreadable[static 64])
{
    struct search search = { .files = files,
                             .found = found,
                             .for_certified = true,
                             .best = state,
                             .unreadable = unreadable };
    *state = (struct assay_enclave_state){ .bytes = NULL };
    unreadable[0] = '\0';
    if (found->index == 0) return ASSAY_OK; /* no state was certified: none is adopted */
    enum assay_status status = run_search(&search);
    /* It may be the certified one, and be read later. */
    if (status == ASSAY_OK && state->index == 0 && search.reason != 0) {
        errno = search.reason;
        return ASSAY_E_IO;
    }
    if (status == ASSAY_OK && state->index == 0) {
        search.for_certified = false;
        status = run_search(&search);
    }
    if (status != ASSAY_OK) assay_enclave_state_free(state);
    return status;
}

static void remove_name(const struct assay_enclave_files *files, const char *name)
{
    char path[PATH_LEN];
    path_of(files, name, path);
    (void)unlink(path);
}

void assay_enclave_files_remove(const struct assay_enclave_files *files, uint64_t index,
                                uint64_t session)
{
    char name[NAME_LEN];
    name_of(index, session, name);
    remove_name(files, name);
}

void assay_enclave_files_sweep(const struct assay_enclave_files *files, uint64_t index,
                               uint64_t session, const struct assay_enclave_state *adopted)
{
    struct listing list;
    struct name name;
    if (open_listing(files, &list) != ASSAY_OK) return;
    while (next_name(&list, &name) == ASSAY_OK) {
        const bool is_adopted = name.index == adopted->index && name.session == adopted->session;
        if (name.is_temporary && name.session < session) remove_name(files, name.text);
        if (name.is_temporary || is_adopted) continue;
        if (name.index < index || name.session < session) remove_name(files, name.text);
    }
    close_listing(&list);
}
