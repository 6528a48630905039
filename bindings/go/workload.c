/* bindings/go/workload.c - what libassay-keys calls to have a message signed: hands it to Go. */
#include <assay/keys.h>

#include "_cgo_export.h"

bool sign_workload(void *context, const uint8_t *message, size_t message_len, uint8_t *signature,
                   size_t *len)
{
    return assaySignWorkload(*(const uintptr_t *)context, (uint8_t *)message, message_len, signature,
                             len);
}
