/*
 * base/file/kind.c - detection of file kinds by their first bytes: type strings, and magic numbers
 * of other formats.
 */
#include "base/file/kind.h"

#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

struct known {
    const char *id, *text;
    bool is_secret;
};

/* Behind "assay/", without the version; a key's with its role. */
static const struct known documents[] = {
    { "key/operator", "an operator key", true },
    { "key/backup", "a key that opens backups", true },
    { "backup", "a backup of a node", true },
    { "key/identity", "an identity key of a node", true },
    { "key/bootstrap", "a bootstrap key of a node", true },
    { "key/incarnation", "a voting and transport key of a node", true },
    { "soft-ca", "the key of a SOFT vendor", true },
    { "soft-node", "the key of a SOFT platform", true },
    { "tpm-registrar", "the key of a TPM registrar", true },
    { "tpm-pending", "the secret of a TPM challenge", true },
    { "genesis", "a genesis", false },
    { "change", "a change", false },
    { "checkpoint", "a checkpoint", false },
    { "proof", "a proof", false },
    { "key-standing", "a key proof", false },
    { "ca-proof", "a CA proof", false },
    { "archive", "an archive of a store", false },
    { "policy", "a policy in binary form", false },
    { "fence-signed", "a fence", false },
    { "release-signed", "a release", false },
    { "answer-signed", "an answer to a fence", false },
    { "recover", "a RECOVER", false },
    { "tpm-request", "a request to a TPM registrar", false },
    { "tpm-challenge", "a challenge of a TPM registrar", false },
};

struct beginning {
    const char *bytes;
    size_t len;
    struct known known;
};

static const struct beginning beginnings[] = {
    { "SQLite format 3", 16, { "sqlite", "an SQLite database (a store)", true } },
    { "-----BEGIN CERTIFICATE", 22, { "pem", "a certificate in PEM", false } },
    { "-----BEGIN PUBLIC", 17, { "pem-public", "a public key in PEM", false } },
    { "-----BEGIN X509 CRL", 19, { "pem-crl", "a revocation list in PEM", false } },
    { "-----BEGIN", 10, { "pem-private", "a key in PEM", true } },
    { "\x7f"
      "ELF",
      4,
      { "elf", "a program", false } },
    { "eyJ", 3, { "jwt", "a signed attestation result", false } },
    { "<!", 2, { "html", "a page", false } },
    { "{", 1, { "json", "JSON", false } },
    { "# Public card of a node", 23, { "card", "the card of a node", false } },
    { "policy_version:", 15, { "policy-yaml", "a policy", false } },
    { "plan_version:", 13, { "plan-yaml", "a plan", false } },
    { "config_version:", 15, { "config-yaml", "a configuration of assayd", false } },
};

static struct assay_file_kind make_kind(const char *id, const char *text, bool is_secret)
{
    struct assay_file_kind kind = { .is_secret = is_secret };
    (void)snprintf(kind.id, sizeof kind.id, "%s", id);
    (void)snprintf(kind.text, sizeof kind.text, "%s", text);
    return kind;
}

/* The text of CBOR at `at`, as far as head goes. Returns: its length, 0: no text begins there. */
static size_t cbor_text(struct assay_slice head, size_t at, const char **text)
{
    if (at >= head.len || head.bytes[at] < 0x60 || head.bytes[at] > 0x78) return 0;
    const bool is_long = head.bytes[at] == 0x78;
    if (is_long && at + 1 >= head.len) return 0;
    const size_t len = is_long ? head.bytes[at + 1] : (size_t)head.bytes[at] - 0x60;
    const size_t start = at + (is_long ? 2 : 1);
    if (start + len > head.len) return 0;
    *text = (const char *)head.bytes + start;
    return len;
}

/* The text is part of a message on a terminal: it must not contain control characters. */
static void sanitize_text(char *text)
{
    for (char *c = text; *c != '\0'; c++)
        if (*c < ' ' || *c > '~') *c = '?';
}

/* A document begins with an array and its type string; a record (a change) with its number first,
 * and the type string in the byte string behind it.
 * Returns: false: it is none; id: the type without "assay/" and the version, a key's role behind */
static bool type_of(struct assay_slice head, char id[static ASSAY_FILE_KIND_LEN])
{
    enum { FIRST_MAX = 12 };
    static const char prefix[] = "assay/";
    if (head.len == 0 || head.bytes[0] < 0x80 || head.bytes[0] > 0x9b) return false;
    for (size_t at = 1; at < FIRST_MAX; at++) {
        const char *text = NULL, *role = NULL;
        const size_t len = cbor_text(head, at, &text);
        if (len <= sizeof prefix || memcmp(text, prefix, sizeof prefix - 1) != 0) continue;
        size_t end = len;
        while (end > sizeof prefix && text[end - 1] != '/')
            end--;
        if (end <= sizeof prefix) end = len + 1; /* no version */
        const size_t behind = (size_t)(text - (const char *)head.bytes) + len;
        const int n = snprintf(id, ASSAY_FILE_KIND_LEN, "%.*s", (int)(end - sizeof prefix),
                               text + sizeof prefix - 1);
        const size_t role_len = strcmp(id, "key") == 0 ? cbor_text(head, behind, &role) : 0;
        if (role_len > 0)
            (void)snprintf(id + n, ASSAY_FILE_KIND_LEN - (size_t)n, "/%.*s", (int)role_len, role);
        sanitize_text(id);
        return true;
    }
    return false;
}

static bool is_text(struct assay_slice head)
{
    static const char blanks[] = { '\t', '\n', '\r', '\f' };
    if (head.len > 0 && head.bytes[0] >= 0x80 && head.bytes[0] < 0xc0) return false; /* no UTF-8 */
    for (size_t i = 0; i < head.len; i++)
        if (head.bytes[i] < ' ' && memchr(blanks, head.bytes[i], sizeof blanks) == NULL)
            return false;
    return true;
}

/* Little-endian: the version of the format, the type of the key that signed. */
static bool is_quote(struct assay_slice head)
{
    return head.len >= 4 && head.bytes[0] >= 3 && head.bytes[0] <= 5 && head.bytes[1] == 0 &&
           head.bytes[2] <= 3 && head.bytes[3] == 0;
}

struct assay_file_kind assay_file_kind_of(struct assay_slice head)
{
    char id[ASSAY_FILE_KIND_LEN], text[ASSAY_FILE_KIND_TEXT];
    if (head.len > ASSAY_FILE_KIND_HEAD) head.len = ASSAY_FILE_KIND_HEAD;
    if (head.len == 0) return make_kind("empty", "an empty file", false);
    if (type_of(head, id)) {
        for (size_t i = 0; i < sizeof documents / sizeof documents[0]; i++)
            if (strcmp(documents[i].id, id) == 0)
                return make_kind(id, documents[i].text, documents[i].is_secret);
        (void)snprintf(text, sizeof text, "a document of type assay/%.63s", id);
        return make_kind(id, text, false);
    }
    for (size_t i = 0; i < sizeof beginnings / sizeof beginnings[0]; i++) {
        const struct beginning *const b = &beginnings[i];
        const bool is_short = b->len < 3; /* weak evidence: the rest must be text as well */
        if (head.len >= b->len && memcmp(head.bytes, b->bytes, b->len) == 0 &&
            (!is_short || is_text(head)))
            return make_kind(b->known.id, b->known.text, b->known.is_secret);
    }
    if (is_quote(head)) return make_kind("quote", "a quote", false);
    if (is_text(head)) return make_kind("text", "text", false);
    return make_kind("binary", "binary data", false);
}

bool assay_file_kind_at(const char *path, struct assay_file_kind *kind)
{
    uint8_t head[ASSAY_FILE_KIND_HEAD];
    struct stat info;
    const int fd = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK);
    if (fd < 0) return false;
    const bool regular = fstat(fd, &info) == 0 && S_ISREG(info.st_mode);
    const ssize_t n = regular ? read(fd, head, sizeof head) : -1;
    (void)close(fd);
    if (n < 0) return false;
    *kind = assay_file_kind_of(assay_slice_over(head, (size_t)n));
    return true;
}
