/*
 * apps/service/confine.h - sandbox of a service program: before it reads untrusted input it gives
 * up dumps, privileges, exec, and writes outside its own folders.
 */
#ifndef ASSAY_APPS_SERVICE_CONFINE_H
#define ASSAY_APPS_SERVICE_CONFINE_H

#include "apps/service/program.h"

/* Called before the first thread. The folders of store and metrics stay writable. Returns: whether
 * every restriction that the kernel supports is in force. */
bool service_confine(const struct service_config *config);

#endif
