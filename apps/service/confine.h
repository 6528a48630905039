/*
 * apps/service/confine.h - the sandbox of a program of services: before it reads what strangers
 * send it gives up dumps, privileges, programs to execute, and writes outside its own folders.
 */
#ifndef ASSAY_APPS_SERVICE_CONFINE_H
#define ASSAY_APPS_SERVICE_CONFINE_H

#include "apps/service/program.h"

/* Before the first thread. The folders of store and metrics stay writable. Returns: whether all
 * that the kernel has is in force. */
bool service_confine(const struct service_config *config);

#endif
