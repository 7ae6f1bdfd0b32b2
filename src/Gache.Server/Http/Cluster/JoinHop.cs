using System.Net.Http.Headers;
using Gache.Replication;
using Gache.Server.Http.Problems;

namespace Gache.Server.Http.Cluster;

/// <summary>Passes a join on to the leader, once, and its answer back.</summary>
/// <remarks>A join may safely arrive twice (the second finds the member there), so <see cref="HttpClient"/>'s own resend does no harm.</remarks>
internal sealed class JoinHop(HttpClient client)
{
    /// <summary>Asks the leader and answers as it did.</summary>
    public async Task PassOnAsync(HttpContext context, string leaderApi, JoinRequest request)
    {
        if (context.Request.Headers.ContainsKey(Headers.JoinHop))
        {
            await ProblemAnswer.SendAsync(context, ProblemTable.NoLeader, $"leadership is changing: try again, or ask http://{leaderApi}")
                .ConfigureAwait(false);
            return;
        }

        try
        {
            using HttpResponseMessage answer = await JoinClient.SendAsync(client, leaderApi, request, isPassedOn: true, context.RequestAborted)
                .ConfigureAwait(false);
            byte[] body = await answer.Content.ReadAsByteArrayAsync(context.RequestAborted).ConfigureAwait(false);
            context.Response.StatusCode = (int)answer.StatusCode;
            if (answer.Headers.RetryAfter is RetryConditionHeaderValue { Delta: { } delta })
                context.Response.Headers.RetryAfter = ((long)Math.Ceiling(delta.TotalSeconds)).ToString(System.Globalization.CultureInfo.InvariantCulture);
            await Page.SendAsync(context, answer.Content.Headers.ContentType?.ToString(), body).ConfigureAwait(false);
        }
        catch (HttpRequestException unreachable) when (unreachable.HttpRequestError is HttpRequestError.ConnectionError or HttpRequestError.NameResolutionError)
        {
            await ProblemAnswer.SendAsync(context, ProblemTable.NoLeader, $"the leader at http://{leaderApi} could not be reached: try again")
                .ConfigureAwait(false);
        }
        catch (Exception silent) when (silent is HttpRequestException or OperationCanceledException && !context.RequestAborted.IsCancellationRequested)
        {
            // It was sent: the leader may have carried it out (P11).
            await ProblemAnswer.SendAsync(context, ProblemTable.Timeout, $"the join was passed on to http://{leaderApi}, which did not answer: /cluster tells whether the node is a member; asking again does no harm")
                .ConfigureAwait(false);
        }
    }
}
