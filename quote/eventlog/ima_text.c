/*
 * quote/eventlog/ima_text.c - the list of IMA as text (ascii_runtime_measurements), rewritten in
 * the binary form: one reader then serves both.
 *
 * Source: Linux, ima_fs.c (ima_ascii_measurements_show) and ima_template_lib.c. A line is the PCR,
 * the template digest, the template's name and its fields. Only templates whose fields are known
 * can be rewritten: the text does not tell a missing field from an empty one.
 */
#include "quote/eventlog/eventlog.h"

#include "base/assert.h"
#include "base/writer.h"
#include "quote/text.h"

enum { FIELD_MAX = 65536, NAME_MAX_LEN = 4096, DIGEST_MIN = 40 };

/* A digest with its algorithm, a name, hexadecimal; of "ima" a bare digest. */
enum field { FIELD_NONE = 0, FIELD_DIGEST, FIELD_NAME, FIELD_HEX };
enum { FIELDS_MAX = 3 };

struct template_row {
    const char *name;
    enum field fields[FIELDS_MAX];
};

static const struct template_row templates[] = {
    { "ima-ng", { FIELD_DIGEST, FIELD_NAME } },
    { "ima-ngv2", { FIELD_DIGEST, FIELD_NAME } },
    { "ima-sig", { FIELD_DIGEST, FIELD_NAME, FIELD_HEX } },
    { "ima-sigv2", { FIELD_DIGEST, FIELD_NAME, FIELD_HEX } },
    { "ima-buf", { FIELD_DIGEST, FIELD_NAME, FIELD_HEX } },
};

static const char *text_of(struct assay_slice slice)
{
    return (const char *)slice.bytes;
}

/* Up to the next space; the space is taken, too. */
static struct assay_slice take_word(struct assay_slice *line)
{
    size_t len = 0;
    while (len < line->len && line->bytes[len] != ' ')
        len += 1;
    const struct assay_slice word = assay_slice_over(line->bytes, len);
    const size_t taken = len < line->len ? len + 1 : len;
    *line = assay_slice_over(line->bytes + taken, line->len - taken);
    return word;
}

static struct assay_slice take_line(struct assay_slice *text)
{
    size_t len = 0;
    while (len < text->len && text->bytes[len] != '\n')
        len += 1;
    const struct assay_slice line = assay_slice_over(text->bytes, len);
    const size_t taken = len < text->len ? len + 1 : len;
    *text = assay_slice_over(text->bytes + taken, text->len - taken);
    return line;
}

/* "10", with a space before it where it has one digit. */
static enum assay_status take_register(struct assay_slice *line, uint32_t *reg)
{
    struct assay_slice word = take_word(line);
    if (word.len == 0) word = take_word(line);
    if (word.len < 1 || word.len > 2) return ASSAY_E_SYNTAX;
    *reg = 0;
    for (size_t i = 0; i < word.len; i++) {
        if (word.bytes[i] < '0' || word.bytes[i] > '9') return ASSAY_E_SYNTAX;
        *reg = *reg * 10 + (uint32_t)(word.bytes[i] - '0');
    }
    return ASSAY_OK;
}

static enum assay_status put_hex(struct assay_writer *w, struct assay_slice digits)
{
    if (digits.len % 2 != 0 || digits.len / 2 > FIELD_MAX) return ASSAY_E_SYNTAX;
    for (size_t i = 0; i < digits.len; i += 2) {
        uint8_t byte = 0;
        ASSAY_TRY(assay_hex_decode(text_of(digits) + i, 2, &byte, 1));
        assay_writer_u8(w, byte);
    }
    return ASSAY_OK;
}

/* "sha256:ab12": the algorithm with its colon and a NUL, then the digest. */
static enum assay_status put_digest(struct assay_writer *w, struct assay_slice word)
{
    size_t colon = word.len;
    while (colon > 0 && word.bytes[colon - 1] != ':')
        colon -= 1;
    if (colon == 0) return ASSAY_E_SYNTAX;
    assay_writer_put(w, word.bytes, colon);
    assay_writer_u8(w, 0);
    return put_hex(w, assay_slice_over(word.bytes + colon, word.len - colon));
}

static enum assay_status put_name(struct assay_writer *w, struct assay_slice word)
{
    if (word.len == 0 || word.len > NAME_MAX_LEN) return ASSAY_E_RANGE;
    assay_writer_put(w, word.bytes, word.len);
    assay_writer_u8(w, 0);
    return ASSAY_OK;
}

/* A field and its length before it, which is known afterwards. */
static enum assay_status put_field(struct assay_writer *w, enum field field,
                                   struct assay_slice word)
{
    struct assay_writer length = *w;
    enum assay_status status = ASSAY_OK;
    assay_writer_u32le(w, 0);
    const size_t from = w->len;
    if (field == FIELD_DIGEST) status = put_digest(w, word);
    else if (field == FIELD_NAME) status = put_name(w, word);
    else status = put_hex(w, word);
    if (status != ASSAY_OK) return status;
    assay_writer_u32le(&length, (uint32_t)(w->len - from));
    return ASSAY_OK;
}

static const struct template_row *find_template(struct assay_slice name)
{
    for (size_t i = 0; i < sizeof templates / sizeof templates[0]; i++) {
        const size_t len = assay_text_len(templates[i].name, ASSAY_REASON_TEXT);
        if (name.len == len && assay_bytes_equal(name.bytes, templates[i].name, len))
            return &templates[i];
    }
    return NULL;
}

/* The fields of the row, none more and none less. */
static enum assay_status put_fields(struct assay_writer *w, const struct template_row *row,
                                    struct assay_slice line)
{
    struct assay_writer length = *w;
    assay_writer_u32le(w, 0);
    const size_t from = w->len;
    for (size_t i = 0; i < FIELDS_MAX && row->fields[i] != FIELD_NONE; i++)
        ASSAY_TRY(put_field(w, row->fields[i], take_word(&line)));
    if (line.len > 0) return ASSAY_E_TRAILING;
    assay_writer_u32le(&length, (uint32_t)(w->len - from));
    return ASSAY_OK;
}

/* The old template: digest and name, without lengths of fields but the name's. */
static enum assay_status put_legacy(struct assay_writer *w, struct assay_slice line)
{
    const struct assay_slice digest = take_word(&line);
    const struct assay_slice name = take_word(&line);
    if (digest.len != DIGEST_MIN || line.len > 0) return ASSAY_E_SYNTAX;
    if (name.len > ASSAY_IMA_NAME_MAX) return ASSAY_E_RANGE;
    ASSAY_TRY(put_hex(w, digest));
    assay_writer_u32le(w, (uint32_t)name.len);
    assay_writer_put(w, name.bytes, name.len);
    return ASSAY_OK;
}

static enum assay_status put_entry(struct assay_writer *w, struct assay_slice line)
{
    uint32_t reg = 0;
    ASSAY_TRY(take_register(&line, &reg));
    const struct assay_slice digest = take_word(&line);
    const struct assay_slice name = take_word(&line);
    const struct template_row *const row = find_template(name);
    const bool is_legacy = name.len == 3 && assay_bytes_equal(name.bytes, "ima", 3);
    if (digest.len < DIGEST_MIN) return ASSAY_E_SYNTAX;
    if (row == NULL && !is_legacy) return ASSAY_E_UNSUPPORTED;
    assay_writer_u32le(w, reg);
    ASSAY_TRY(put_hex(w, digest));
    assay_writer_u32le(w, (uint32_t)name.len);
    assay_writer_put(w, name.bytes, name.len);
    return is_legacy ? put_legacy(w, line) : put_fields(w, row, line);
}

bool assay_ima_text_looks(struct assay_slice text)
{
    struct assay_slice line = take_line(&text);
    uint32_t reg = 0;
    if (take_register(&line, &reg) != ASSAY_OK) return false;
    const struct assay_slice digest = take_word(&line);
    for (size_t i = 0; i < digest.len; i++)
        if ((digest.bytes[i] < '0' || digest.bytes[i] > '9') &&
            (digest.bytes[i] < 'a' || digest.bytes[i] > 'f'))
            return false;
    return digest.len >= DIGEST_MIN && line.len > 0;
}

enum assay_status assay_ima_text_encode(struct assay_slice text, uint8_t *out, size_t capacity,
                                        size_t *len)
{
    ASSAY_ASSERT(out != NULL && len != NULL);
    struct assay_writer w = assay_writer_over(out, capacity);
    struct assay_slice made;
    while (text.len > 0)
        ASSAY_TRY(put_entry(&w, take_line(&text)));
    ASSAY_TRY(assay_writer_finish(&w, &made));
    *len = made.len;
    return ASSAY_OK;
}
