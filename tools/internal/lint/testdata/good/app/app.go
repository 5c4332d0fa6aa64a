package app

var nobody = 0
