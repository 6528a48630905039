/*
 * net/http/request_check.c - check of the headers that determine message length and target, and of
 * their lengths.
 */
#include "net/http/request_check.h"

#include "base/assert.h"

#include <string.h>
#include <strings.h>

static void set_fault(struct assay_http_request_check *check, const char *fault)
{
    ASSAY_ASSERT(fault != NULL);
    if (check->fault == NULL) check->fault = fault;
}

static void set_too_long(struct assay_http_request_check *check, enum assay_http_request_fault kind,
                         const char *fault)
{
    if (check->fault == NULL) check->kind = kind;
    set_fault(check, fault);
}

void assay_http_request_check_target(struct assay_http_request_check *check, const char *target)
{
    ASSAY_ASSERT(target != NULL);
    for (const char *at = target; *at != '\0'; at++) {
        const unsigned char byte = (unsigned char)*at;
        if (byte <= ' ' || byte == 0x7f) set_fault(check, "a control character in the path");
        if (strncmp(at, "%00", 3) == 0) set_fault(check, "a NUL in the path or a parameter");
    }
    if (strlen(target) > ASSAY_HTTP_TARGET_LEN_MAX)
        set_too_long(check, ASSAY_HTTP_FAULT_TARGET_LEN,
                     "path and parameters have more than 8192 bytes");
}

void assay_http_request_check_len(struct assay_http_request_check *check, size_t len, size_t count)
{
    ASSAY_ASSERT(check->fault != NULL || check->kind == ASSAY_HTTP_FAULT_MALFORMED);
    if (len > ASSAY_HTTP_REQUEST_LEN_MAX)
        set_too_long(check, ASSAY_HTTP_FAULT_HEADERS_LEN,
                     "the line and the headers of the request have more than 16384 bytes");
    if (count > ASSAY_HTTP_HEADERS_MAX)
        set_too_long(check, ASSAY_HTTP_FAULT_HEADERS_LEN,
                     "the request has more than 100 headers");
}

/* RFC 9110 5.6.2. */
static bool is_token(const char *name, size_t len)
{
    static const char others[] = "!#$%&'*+-.^_`|~";
    for (size_t i = 0; i < len; i++) {
        const char c = name[i];
        const bool letter = (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z');
        if (!letter && !(c >= '0' && c <= '9') && (c == '\0' || strchr(others, c) == NULL))
            return false;
    }
    return len > 0;
}

static bool is_number(const char *value, size_t len)
{
    return len > 0 && len <= 18 && strspn(value, "0123456789") == len;
}

static bool is_clean(const char *value, size_t len)
{
    for (size_t i = 0; i < len; i++)
        if (value[i] == '\0' || value[i] == '\r' || value[i] == '\n') return false;
    return true;
}

/* Of two, a proxy may have set the one that is not read. */
static const char *const certificates[ASSAY_HTTP_CERTIFICATE_HEADERS] = {
    "X-Assay-Certificate", "X-Forwarded-Tls-Client-Cert", "X-Forwarded-Client-Cert"
};

void assay_http_request_check_header(struct assay_http_request_check *check, const char *name,
                                     size_t name_len, const char *value, size_t value_len)
{
    if (!is_token(name, name_len)) {
        set_fault(check, "the name of a header is no token");
        return;
    }
    if (!is_clean(value, value_len)) set_fault(check, "a NUL or a line break in a header");
    if (strcasecmp(name, "Host") == 0) check->hosts++;
    for (size_t i = 0; i < sizeof certificates / sizeof certificates[0]; i++)
        if (strcasecmp(name, certificates[i]) == 0 && check->certificates[i]++ > 0)
            set_fault(check, "a header with a client certificate twice");
    if (strcasecmp(name, "Transfer-Encoding") == 0) check->codings++;
    if (strcasecmp(name, "Content-Length") != 0) return;
    check->lengths++;
    if (!is_number(value, value_len))
        set_fault(check, "Content-Length: expected a number of at most 18 digits");
}

const char *assay_http_request_check_end(struct assay_http_request_check *check,
                                         const char *version)
{
    if (check->hosts > 1) set_fault(check, "more than one Host");
    if (check->lengths > 1) set_fault(check, "more than one Content-Length");
    if (check->codings > 1) set_fault(check, "more than one Transfer-Encoding");
    if (check->lengths > 0 && check->codings > 0)
        set_fault(check, "both Content-Length and Transfer-Encoding");
    if (strcmp(version, "HTTP/1.1") == 0 && check->hosts == 0) set_fault(check, "no Host");
    if (strncmp(version, "HTTP/1.", 7) != 0) set_fault(check, "no version of HTTP/1");
    return check->fault;
}
