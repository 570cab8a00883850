"""Forms that more than one page needs, and the ones that third-party apps import."""

from __future__ import annotations

from typing import Any

from django import forms


class GlobalSearchForm(forms.Form):
    """The search field in the header of every page."""

    search_query = forms.CharField(widget=forms.TextInput(attrs={"size": 25, "aria-label": "Search"}))


class ContainerForm(forms.Form):
    """Name and description of a new container; `owner` is the id of the user it is created for."""

    name = forms.CharField(max_length=250, widget=forms.TextInput(attrs={"size": 45}))
    description = forms.CharField(required=False, widget=forms.Textarea(attrs={"rows": 2, "cols": 49}))
    owner = forms.IntegerField(required=False, min_value=0, widget=forms.HiddenInput())


class ContainerNameForm(forms.Form):
    name = forms.CharField(max_length=250, widget=forms.TextInput(attrs={"size": 45}))


class ContainerDescriptionForm(forms.Form):
    description = forms.CharField(required=False, widget=forms.Textarea(attrs={"rows": 3, "cols": 39}))


class CommentAnnotationForm(forms.Form):
    comment = forms.CharField(widget=forms.Textarea(attrs={"rows": 2, "cols": 39}))


class NewTagForm(forms.Form):
    """One line of the tagging dialog: a tag to be made, perhaps inside a tag set."""

    tag = forms.CharField(widget=forms.HiddenInput())
    description = forms.CharField(required=False, widget=forms.HiddenInput())
    tagset = forms.IntegerField(required=False, min_value=1, widget=forms.HiddenInput())


class EveryFormSet(forms.BaseFormSet):  # type: ignore[type-arg]
    """Forms that must all be filled in: an empty line is an error, not a line to skip."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        for form in self.forms:
            form.empty_permitted = False


NewTagFormSet = forms.formset_factory(NewTagForm, formset=EveryFormSet, extra=0)
