// The tree starts at this place in the queue of document-ready handlers: after right plug-ins, before centre plug-ins.
// contract/plugins.md, section 7.1, load order.
jQuery(() => OME.startTree());
