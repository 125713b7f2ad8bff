'use strict';

start();
