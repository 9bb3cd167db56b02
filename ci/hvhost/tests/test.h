/* SPDX-License-Identifier: GPL-2.0-only */
/* What every unit test includes: cmocka wants these before its own header. */
#ifndef HVHOST_TEST_H
#define HVHOST_TEST_H

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "../util/util.h"

#endif
