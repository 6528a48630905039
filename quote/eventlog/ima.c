/*
 * quote/eventlog/ima.c - reader of the measurement list of Linux IMA, binary_runtime_measurements.
 *
 * An entry: PCR, template digest, length and name of the template, length and fields of the
 * template data; each field is a length and that many bytes. Only the old template "ima" has a
 * digest of 20 bytes without length and a name without its NUL. Numbers are the machine's own:
 * little-endian almost everywhere, big-endian on some, and the file does not declare it.
 *
 * The kernel extends each bank with the hash of the template data in that bank's algorithm, so the
 * data of a replayed entry is proven. Kernels before 5.8 extended the other banks with the SHA-1
 * digest and zeros: then nothing here can be recomputed, and such a list does not replay.
 */
#include "quote/eventlog/eventlog.h"

#include "base/assert.h"
#include "quote/tpm_format.h"

#include <string.h>

enum { SHA1_LEN = 20, LEGACY_LEN = SHA1_LEN + ASSAY_IMA_NAME_MAX + 1 };

static enum assay_status read_u32(struct assay_cursor *in, bool big_endian, uint32_t *out)
{
    return big_endian ? assay_cursor_u32be(in, out) : assay_cursor_u32le(in, out);
}

static bool is_printable(struct assay_slice text)
{
    for (size_t i = 0; i < text.len; i++)
        if (text.bytes[i] <= 0x20 || text.bytes[i] > 0x7e) return false;
    return true;
}

static bool text_is(struct assay_slice text, const char *known, size_t len)
{
    return text.len == len && assay_bytes_equal(text.bytes, known, len);
}

/* "sha256", or "ima:sha256" of the second version; of these a digest has the length that it says.
 * Returns: the algorithm's number at TCG, 0 for any other. */
static uint16_t alg_of_name(struct assay_slice name)
{
    static const struct {
        const char *name;
        uint16_t alg;
    } known[] = { { "sha1", ASSAY_TPM_SHA1 },
                  { "sha256", ASSAY_TPM_SHA256 },
                  { "sha384", ASSAY_TPM_SHA384 },
                  { "sha512", ASSAY_TPM_SHA512 } };
    for (size_t i = name.len; i > 0; i--) {
        if (name.bytes[i - 1] != ':') continue;
        name = assay_slice_over(name.bytes + i, name.len - i);
        break;
    }
    for (size_t i = 0; i < sizeof known / sizeof known[0]; i++)
        if (text_is(name, known[i].name, strlen(known[i].name))) return known[i].alg;
    return 0;
}

/* "sha256:", NUL, digest; of the second version "ima:sha256:" before. */
static void take_digest(struct assay_slice field, struct assay_boot_event *event)
{
    for (size_t i = 1; i < field.len; i++) {
        if (field.bytes[i] != 0 || field.bytes[i - 1] != ':') continue;
        const uint16_t alg = alg_of_name(assay_slice_over(field.bytes, i - 1));
        event->file_digest = assay_slice_over(field.bytes + i + 1, field.len - i - 1);
        event->file_alg = assay_tpm_hash_len(alg) == event->file_digest.len ? alg : 0;
        return;
    }
}

static struct assay_slice without_nul(struct assay_slice name)
{
    if (name.len > 0 && name.bytes[name.len - 1] == 0) name.len -= 1;
    return name;
}

/* The templates of the kernel open with digest and name, and so do most custom ones. */
static bool opens_with_file(struct assay_slice name)
{
    static const char ours[] = "ima-";
    static const char composed[] = "d-ng|n-ng";
    static const char newer[] = "d-ngv2|n-ng";
    if (name.len > 4 && assay_bytes_equal(name.bytes, ours, 4)) return true;
    if (name.len >= sizeof composed - 1 &&
        assay_bytes_equal(name.bytes, composed, sizeof composed - 1))
        return true;
    return name.len >= sizeof newer - 1 && assay_bytes_equal(name.bytes, newer, sizeof newer - 1);
}

static enum assay_status read_fields(struct assay_cursor in, bool big_endian,
                                     struct assay_boot_event *event)
{
    const bool has_file = opens_with_file(event->template_);
    for (size_t i = 0; assay_cursor_left(&in) > 0; i++) {
        uint32_t len = 0;
        struct assay_slice field;
        ASSAY_TRY(read_u32(&in, big_endian, &len));
        ASSAY_TRY(assay_cursor_slice(&in, len, &field));
        if (has_file && i == 0) take_digest(field, event);
        if (has_file && i == 1) event->file_name = without_nul(field);
    }
    return ASSAY_OK;
}

static enum assay_status read_legacy(struct assay_cursor *in, bool big_endian,
                                     struct assay_boot_event *event)
{
    const size_t start = in->pos;
    uint32_t len = 0;
    ASSAY_TRY(assay_cursor_slice(in, SHA1_LEN, &event->file_digest));
    event->file_alg = ASSAY_TPM_SHA1;
    ASSAY_TRY(read_u32(in, big_endian, &len));
    if (len > ASSAY_IMA_NAME_MAX) return ASSAY_E_RANGE;
    ASSAY_TRY(assay_cursor_slice(in, len, &event->file_name));
    /* No path has a NUL. Lengths of fields have: an entry of another template, of just as many
     * bytes, would be the same hash in this form, and hide its file. */
    for (size_t i = 0; i < event->file_name.len; i++)
        if (event->file_name.bytes[i] == 0) return ASSAY_E_INVALID;
    event->data = assay_slice_over(in->bytes + start, in->pos - start);
    event->is_legacy = true;
    return ASSAY_OK;
}

static enum assay_status read_template(struct assay_cursor *in, bool big_endian,
                                       struct assay_boot_event *event)
{
    uint32_t len = 0;
    ASSAY_TRY(read_u32(in, big_endian, &len));
    if (len < 1 || len > ASSAY_IMA_NAME_MAX) return ASSAY_E_RANGE;
    ASSAY_TRY(assay_cursor_slice(in, len, &event->template_));
    if (!is_printable(event->template_)) return ASSAY_E_INVALID;
    if (text_is(event->template_, "ima", 3)) return read_legacy(in, big_endian, event);
    ASSAY_TRY(read_u32(in, big_endian, &len));
    ASSAY_TRY(assay_cursor_slice(in, len, &event->data));
    return read_fields(assay_cursor_over(event->data.bytes, event->data.len), big_endian, event);
}

static uint16_t alg_of_len(size_t len)
{
    if (len == ASSAY_SHA256_LEN) return ASSAY_TPM_SHA256;
    if (len == ASSAY_SHA384_LEN) return ASSAY_TPM_SHA384;
    return len == ASSAY_SHA512_LEN ? ASSAY_TPM_SHA512 : ASSAY_TPM_SHA1;
}

/* What the kernel hashes: the fields as they stand there; of "ima" digest and name, padded. */
static size_t hash_data(const struct assay_boot_event *event, uint16_t alg,
                        uint8_t digest[static ASSAY_MEASUREMENT_MAX])
{
    uint8_t legacy[LEGACY_LEN] = { 0 };
    if (!event->is_legacy) return assay_event_hash(alg, event->data, digest);
    ASSAY_ASSERT(event->file_digest.len == SHA1_LEN);
    ASSAY_ASSERT(event->file_name.len <= ASSAY_IMA_NAME_MAX);
    assay_bytes_copy(legacy, sizeof legacy, event->file_digest.bytes, SHA1_LEN);
    if (event->file_name.len > 0)
        assay_bytes_copy(legacy + SHA1_LEN, sizeof legacy - SHA1_LEN, event->file_name.bytes,
                         event->file_name.len);
    return assay_event_hash(alg, assay_slice_over(legacy, sizeof legacy), digest);
}

size_t assay_ima_digest(const struct assay_boot_event *event, uint16_t alg,
                        uint8_t digest[static ASSAY_MEASUREMENT_MAX])
{
    ASSAY_ASSERT(event->type == ASSAY_EV_IMA);
    const size_t len = hash_data(event, alg, digest);
    ASSAY_ASSERT(len <= ASSAY_MEASUREMENT_MAX);
    for (size_t i = 0; i < len && event->violation; i++)
        digest[i] = 0xff;
    return len;
}

/* A template digest that is not the hash of its data was not written by a kernel. SHA-1 cannot
 * be computed here; the replay of another bank proves the data all the same. */
static enum assay_status check_digest(const struct assay_boot_event *event,
                                      struct assay_slice given)
{
    uint8_t digest[ASSAY_MEASUREMENT_MAX];
    const size_t len = hash_data(event, alg_of_len(given.len), digest);
    if (event->violation || len == 0) return ASSAY_OK;
    ASSAY_ASSERT(len == given.len);
    return assay_bytes_equal(digest, given.bytes, len) ? ASSAY_OK : ASSAY_E_INVALID;
}

enum assay_status assay_eventlog_next_ima(struct assay_eventlog *log,
                                          struct assay_boot_event *event)
{
    ASSAY_ASSERT(log->template_digest_len > 0 && log->template_digest_len <= ASSAY_MEASUREMENT_MAX);
    ASSAY_ASSERT(log->form == ASSAY_EVENTLOG_IMA);
    struct assay_slice given;
    if (assay_cursor_left(&log->in) == 0) return ASSAY_E_NOT_FOUND;
    ASSAY_TRY(read_u32(&log->in, log->big_endian, &event->reg));
    if (event->reg >= ASSAY_EVENT_REGISTERS) return ASSAY_E_RANGE;
    ASSAY_TRY(assay_cursor_slice(&log->in, log->template_digest_len, &given));
    ASSAY_TRY(read_template(&log->in, log->big_endian, event));
    event->type = ASSAY_EV_IMA;
    event->violation = assay_bytes_all_zero(given.bytes, given.len);
    event->digest_count = 1;
    event->digests[0].alg = alg_of_len(given.len);
    event->digests[0].bytes = given;
    return check_digest(event, given);
}

/*
 * The file declares neither the byte order nor the length of its digests; the first entry is
 * readable
 * under one reading alone: its template has a name, and its digest, but for SHA-1, is verified.
 */
enum assay_status assay_eventlog_open_ima(struct assay_cursor in, struct assay_eventlog *log)
{
    static const uint8_t lengths[] = { ASSAY_SHA256_LEN, ASSAY_SHA384_LEN, ASSAY_SHA512_LEN,
                                       SHA1_LEN };
    for (size_t i = 0; i < 2 * sizeof lengths; i++) {
        struct assay_eventlog made = { .form = ASSAY_EVENTLOG_IMA,
                                       .in = in,
                                       .big_endian = i % 2 == 1,
                                       .template_digest_len = lengths[i / 2] };
        struct assay_eventlog look = made;
        struct assay_boot_event first = { 0 };
        if (assay_eventlog_next_ima(&look, &first) != ASSAY_OK) continue;
        *log = made;
        return ASSAY_OK;
    }
    return ASSAY_E_UNSUPPORTED;
}
