using System.Text;

namespace Gache.Server.Http;

/// <summary><c>/</c>: what a person with curl wants to know first.</summary>
internal sealed class HelpPage(ApiSettings settings)
{
    private readonly byte[] text = Encoding.UTF8.GetBytes(
        $"""
        gache {settings.Version}: a replicated key-value database

        curl -L -d 'some value' {settings.AdvertisedApi}/key/greeting      set a key (POST; PUT says 201 where it is new)
        curl -L {settings.AdvertisedApi}/key/greeting                      read it; ?level=stale asks this node alone
        curl -L -X DELETE {settings.AdvertisedApi}/key/greeting            remove it
        curl -L '{settings.AdvertisedApi}/keys?prefix=gree'                list keys; /batch and /txn take many at once

        {settings.AdvertisedApi}/cluster    the shard, its leader, its members
        {settings.AdvertisedApi}/readyz     whether this node can serve, and why not
        {settings.AdvertisedApi}/metrics    figures for Prometheus
        {settings.AdvertisedApi}/docs       everything that can be asked; /openapi.json is the same for programs

        -L follows to the leader. Add -i to see revisions (ETag) and errors in full.

        """);

    /// <summary>Answers.</summary>
    public Task AnswerAsync(HttpContext context) => Page.RefuseUnlessRead(context) ?? Page.SendAsync(context, Headers.PlainText, text);
}
