/* tests/unit/quote_source/stand_in.c - stand-in of platform interfaces for tests */
#include "tests/unit/quote_source/stand_in.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define TSM         "/tsm/"
#define ATTESTATION "/attestation/"

static bool is_failing(struct stand_in *s)
{
    s->call += 1;
    if (s->fail_call == 0 || s->call < s->fail_call || s->call >= s->fail_call + s->fail_count)
        return false;
    s->was_failed = true;
    errno = s->fail_error;
    return true;
}

static struct stand_in_folder *folder_of(struct stand_in *s, const char *path)
{
    for (size_t i = 0; i < STAND_IN_FOLDERS; i++) {
        struct stand_in_folder *const f = &s->folders[i];
        const size_t len = strlen(f->name);
        if (!f->is_there || strncmp(path, TSM, strlen(TSM)) != 0) continue;
        const char *const rest = path + strlen(TSM);
        if (strncmp(rest, f->name, len) == 0 && (rest[len] == '\0' || rest[len] == '/')) return f;
    }
    return NULL;
}

static const char *attribute_of(const char *path)
{
    return strrchr(path, '/') + 1;
}

/* ------------------------------------------------------------ contents */

static size_t make_evidence(struct stand_in *s, const uint8_t *data, size_t data_len,
                            uint8_t *out)
{
    if (data_len == 0) return 0;
    s->evidence_begun++;
    while (s->evidence_waits)
        (void)usleep(1000);
    for (size_t i = 0; i < s->evidence_len; i++)
        out[i] = (uint8_t)(i * 7 + 1);
    assay_bytes_copy(out, STAND_IN_BLOB, s->prefix, s->prefix_len);
    assay_bytes_copy(out + s->prefix_len, STAND_IN_BLOB - s->prefix_len, data, data_len);
    s->evidence_made++;
    return s->evidence_len;
}

/* The whole of a file now; -1 and errno when it cannot be read. */
static ssize_t content_of(struct stand_in *s, const char *path, uint8_t *out)
{
    const char *const name = attribute_of(path);
    struct stand_in_folder *const f = folder_of(s, path);
    if (f != NULL && strcmp(name, "generation") == 0)
        return snprintf((char *)out, STAND_IN_BLOB, "%llu\n", (unsigned long long)f->generation);
    if (f != NULL && strcmp(name, "provider") == 0)
        return snprintf((char *)out, STAND_IN_BLOB, "%s\n", s->provider);
    if (f != NULL && strcmp(name, "privlevel_floor") == 0)
        return snprintf((char *)out, STAND_IN_BLOB, "%s\n", s->privlevel_floor);
    if (f != NULL && strcmp(name, "auxblob") == 0) {
        assay_bytes_copy(out, STAND_IN_BLOB, s->auxiliary, s->auxiliary_len);
        return (ssize_t)s->auxiliary_len;
    }
    if (f != NULL && strcmp(name, "manifestblob") == 0)
        return snprintf((char *)out, STAND_IN_BLOB, "manifest");
    if (strcmp(path, ATTESTATION "attestation_type") == 0)
        return snprintf((char *)out, STAND_IN_BLOB, "%s", s->attestation_type);
    const bool is_gramine = strcmp(path, ATTESTATION "quote") == 0;
    if (!is_gramine && (f == NULL || strcmp(name, "outblob") != 0)) {
        errno = EINVAL;
        return -1;
    }
    if (s->evidence_error != 0) {
        errno = s->evidence_error;
        return -1;
    }
    const size_t len = is_gramine ? make_evidence(s, s->gramine_report_data, s->gramine_len, out)
                                  : make_evidence(s, f->inblob, f->inblob_len, out);
    if (f != NULL && s->interfere > 0) {
        s->interfere -= 1;
        f->generation += 1;
        f->inblob[0] ^= 0xff;
    }
    return (ssize_t)len;
}

static bool is_attribute(const struct stand_in *s, const char *name)
{
    static const char *const always[] = { "generation", "provider",  "inblob",
                                          "outblob",    "privlevel", "privlevel_floor" };
    static const char *const services[] = { "service_provider", "service_guid",
                                            "service_manifest_version", "manifestblob" };
    for (size_t i = 0; i < sizeof always / sizeof always[0]; i++)
        if (strcmp(name, always[i]) == 0) return true;
    for (size_t i = 0; s->has_services && i < sizeof services / sizeof services[0]; i++)
        if (strcmp(name, services[i]) == 0) return true;
    return s->has_auxiliary && strcmp(name, "auxblob") == 0;
}

static bool exists(struct stand_in *s, const char *path)
{
    if (strcmp(path, "/tsm") == 0) return s->provider != NULL;
    if (strcmp(path, "/nsm") == 0) return s->has_nsm;
    if (strncmp(path, ATTESTATION, strlen(ATTESTATION)) == 0) return s->attestation_type != NULL;
    const struct stand_in_folder *const f = folder_of(s, path);
    if (f == NULL) return false;
    return strcmp(attribute_of(path), f->name) == 0 || is_attribute(s, attribute_of(path));
}

/* ------------------------------------------------------------ calls */

static int fake_open(void *context, const char *path, int flags)
{
    struct stand_in *const s = context;
    if (is_failing(s)) return -1;
    if (s->stolen > 0 && (flags & O_DIRECTORY) != 0 && folder_of(s, path) != NULL) {
        s->stolen -= 1;
        folder_of(s, path)->is_there = false;
    }
    if (!exists(s, path)) {
        errno = ENOENT;
        return -1;
    }
    for (size_t i = 0; i < STAND_IN_FILES; i++) {
        struct stand_in_file *const file = &s->files[i];
        if (file->is_open) continue;
        *file = (struct stand_in_file){ .is_open = true, .is_writing = (flags & O_WRONLY) != 0 };
        (void)snprintf(file->path, sizeof file->path, "%s", path);
        return (int)i + 1;
    }
    errno = EMFILE;
    return -1;
}

static size_t bounded(const struct stand_in *s, size_t len)
{
    return s->most != 0 && len > s->most ? s->most : len;
}

static ssize_t fake_read(void *context, int fd, void *bytes, size_t len)
{
    struct stand_in *const s = context;
    struct stand_in_file *const file = &s->files[fd - 1];
    static uint8_t content[STAND_IN_BLOB];
    if (is_failing(s)) return -1;
    /* configfs makes the content once for each opened file, at its first read */
    static uint8_t kept[STAND_IN_FILES][STAND_IN_BLOB];
    static ssize_t kept_len[STAND_IN_FILES];
    if (file->pos == 0) {
        kept_len[fd - 1] = content_of(s, file->path, content);
        if (kept_len[fd - 1] < 0) return -1;
        assay_bytes_copy(kept[fd - 1], STAND_IN_BLOB, content, (size_t)kept_len[fd - 1]);
    }
    const size_t left = (size_t)kept_len[fd - 1] - file->pos;
    const size_t n = bounded(s, left < len ? left : len);
    assay_bytes_copy(bytes, len, kept[fd - 1] + file->pos, n);
    file->pos += n;
    return (ssize_t)n;
}

static ssize_t fake_write(void *context, int fd, const void *bytes, size_t len)
{
    struct stand_in *const s = context;
    struct stand_in_file *const file = &s->files[fd - 1];
    if (is_failing(s)) return -1;
    const size_t n = bounded(s, len);
    if (n > sizeof file->written - file->written_len) {
        errno = EINVAL;
        return -1;
    }
    assay_bytes_copy(file->written + file->written_len, sizeof file->written - file->written_len,
                     bytes, n);
    file->written_len += n;
    return (ssize_t)n;
}

/* What was written takes effect when the file is closed. */
static int commit(struct stand_in *s, const struct stand_in_file *file)
{
    const char *const name = attribute_of(file->path);
    struct stand_in_folder *const f = folder_of(s, file->path);
    if (strcmp(file->path, ATTESTATION "user_report_data") == 0) {
        s->gramine_len = file->written_len;
        assay_bytes_copy(s->gramine_report_data, sizeof s->gramine_report_data, file->written,
                         file->written_len);
        return 0;
    }
    if (f == NULL || file->written_len > 64) {
        errno = EINVAL;
        return -1;
    }
    char *text = NULL;
    if (strcmp(name, "privlevel") == 0) text = f->privlevel;
    if (strcmp(name, "service_provider") == 0) text = f->service_provider;
    if (strcmp(name, "service_guid") == 0) text = f->service_guid;
    if (strcmp(name, "service_manifest_version") == 0) text = f->service_version;
    if (text != NULL) {
        assay_bytes_copy(text, 64, file->written, file->written_len);
        text[file->written_len] = '\0';
    } else {
        assay_bytes_copy(f->inblob, sizeof f->inblob, file->written, file->written_len);
        f->inblob_len = file->written_len;
    }
    f->generation += 1;
    return 0;
}

static int fake_close(void *context, int fd)
{
    struct stand_in *const s = context;
    struct stand_in_file *const file = &s->files[fd - 1];
    file->is_open = false; /* the descriptor goes even when close reports an error */
    for (size_t i = 0; i < STAND_IN_FOLDERS; i++)
        if (s->folders[i].locked_by == fd) s->folders[i].locked_by = 0;
    if (is_failing(s)) return -1;
    return file->is_writing ? commit(s, file) : 0;
}

static int fake_mkdir(void *context, const char *path)
{
    struct stand_in *const s = context;
    if (is_failing(s)) return -1;
    for (size_t i = 0; i < STAND_IN_FOLDERS; i++) {
        struct stand_in_folder *const f = &s->folders[i];
        if (f->is_there) continue;
        *f = (struct stand_in_folder){ .is_there = true };
        (void)snprintf(f->name, sizeof f->name, "%s", attribute_of(path));
        return 0;
    }
    errno = ENOSPC;
    return -1;
}

static int fake_rmdir(void *context, const char *path)
{
    struct stand_in *const s = context;
    if (is_failing(s)) return -1;
    struct stand_in_folder *const f = folder_of(s, path);
    if (f == NULL) {
        errno = ENOENT;
        return -1;
    }
    f->is_there = false;
    f->locked_by = 0;
    return 0;
}

static int fake_lock(void *context, int fd)
{
    struct stand_in *const s = context;
    if (is_failing(s)) return -1;
    struct stand_in_folder *const f = folder_of(s, s->files[fd - 1].path);
    if (f == NULL || f->locked_by != 0) {
        errno = EWOULDBLOCK;
        return -1;
    }
    f->locked_by = fd;
    return 0;
}

struct raw {
    uint64_t request, request_len, response, response_len;
};

static int fake_ioctl(void *context, int fd, unsigned long request, void *argument)
{
    struct stand_in *const s = context;
    struct raw *const raw = argument;
    if (is_failing(s)) return -1;
    if (strcmp(s->files[fd - 1].path, "/nsm") != 0 || request != 0xC0200A00ul) {
        errno = ENOTTY;
        return -1;
    }
    s->nsm_request_len = raw->request_len;
    assay_bytes_copy(s->nsm_request, sizeof s->nsm_request, (const void *)(uintptr_t)raw->request,
                     raw->request_len);
    uint8_t *const out = (uint8_t *)(uintptr_t)raw->response;
    const size_t len =
        s->nsm_answer_len < raw->response_len ? s->nsm_answer_len : raw->response_len;
    assay_bytes_copy(out, raw->response_len, s->nsm_answer, len);
    raw->response_len = s->nsm_claims_len != 0 ? s->nsm_claims_len : len;
    return 0;
}

static int fake_is_device(void *context, int fd)
{
    struct stand_in *const s = context;
    if (is_failing(s)) return -1;
    return strcmp(s->files[fd - 1].path, "/nsm") == 0 && !s->nsm_is_file ? 1 : 0;
}

static ssize_t fake_list(void *context, const char *path, const char *prefix,
                         char names[][ASSAY_CALLS_NAME_MAX])
{
    struct stand_in *const s = context;
    (void)path;
    if (is_failing(s)) return -1;
    ssize_t count = 0;
    for (size_t i = 0; i < STAND_IN_FOLDERS; i++)
        if (s->folders[i].is_there && strncmp(s->folders[i].name, prefix, strlen(prefix)) == 0)
            (void)snprintf(names[count++], ASSAY_CALLS_NAME_MAX, "%s", s->folders[i].name);
    return count;
}

/* ------------------------------------------------------------ for tests */

struct stand_in *stand_in_make(void)
{
    struct stand_in *const s = calloc(1, sizeof *s);
    if (s == NULL) abort();
    s->calls = (struct assay_source_calls){
        .context = s,
        .open = fake_open,
        .read = fake_read,
        .write = fake_write,
        .close = fake_close,
        .mkdir = fake_mkdir,
        .rmdir = fake_rmdir,
        .lock = fake_lock,
        .ioctl = fake_ioctl,
        .is_device = fake_is_device,
        .list = fake_list,
    };
    s->provider = "sev_guest";
    s->privlevel_floor = "0";
    s->attestation_type = "dcap";
    s->has_nsm = true;
    s->has_auxiliary = true;
    s->prefix_len = 16;
    s->evidence_len = 1184;
    s->fail_error = EIO;
    s->fail_count = 1;
    return s;
}

size_t stand_in_folders(const struct stand_in *s)
{
    size_t count = 0;
    for (size_t i = 0; i < STAND_IN_FOLDERS; i++)
        count += s->folders[i].is_there;
    return count;
}

size_t stand_in_open_files(const struct stand_in *s)
{
    size_t count = 0;
    for (size_t i = 0; i < STAND_IN_FILES; i++)
        count += s->files[i].is_open;
    return count;
}

struct assay_source_request stand_in_request(uint8_t fill)
{
    struct assay_source_request request = { 0 };
    for (size_t i = 0; i < sizeof request.report_data; i++)
        request.report_data[i] = fill;
    return request;
}
